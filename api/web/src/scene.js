// The recording as three.js objects, drawn plainly: flat shading, no environment map, edges where they help to read a shape.
import {
  Box3, Color, DirectionalLight, DoubleSide, EdgesGeometry, GridHelper, HemisphereLight, LineBasicMaterial, LineSegments, Mesh, MeshLambertMaterial, Scene,
} from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { Poses } from "./poses.js";

export const BACKGROUND = 0xeef2f5;
const EDGED = /^(flange|punch|die|brake|sheet pile|infeed|outfeed|centring|crossing|regrip|control)/;
const BACKDROP = /^(floor|fence)/;

/**
 * @typedef {{scene: Scene, poses: Poses, bounds: Box3, meshes: Mesh[], extras: any}} Stage
 * @param {ArrayBuffer} data of recording.glb
 * @returns {Promise<Stage>}
 */
export async function loadStage(data) {
  const gltf = await new GLTFLoader().parseAsync(data, "");
  const scene = new Scene();
  scene.background = new Color(BACKGROUND);
  scene.add(gltf.scene, new HemisphereLight(0xffffff, 0x9aa7b4, 1.9));
  for (const [x, y, z, strength] of [[-3, 6, 5, 1.9], [5, 3, -2, 0.6]]) {
    const light = new DirectionalLight(0xffffff, strength);
    light.position.set(x, y, z);
    scene.add(light);
  }
  const poses = new Poses(gltf.scene, gltf.animations);
  poses.show(0);
  /** @type {Mesh[]} */
  const meshes = [];
  gltf.scene.traverse((node) => {
    if (node instanceof Mesh) meshes.push(node);
  });
  const known = new Map();
  const bounds = new Box3();
  for (const mesh of meshes) {
    const name = bodyOf(mesh);
    mesh.material = plain(/** @type {any} */ (mesh.material), name, known);
    if (EDGED.test(name)) mesh.add(edges(mesh));
    if (!BACKDROP.test(name) && !/cabinet|column/.test(name)) bounds.expandByObject(mesh);
    mesh.matrixAutoUpdate = true;
  }
  const floor = poses.nodes.get("floor");
  if (floor) {
    // A floor that is only a grid lets the eye rest on the machines.
    floor.visible = false;
    const grid = new GridHelper(12, 24, 0xc3ccd5, 0xd9e0e7);
    grid.position.set(0, -0.002, 2.5);
    scene.add(grid);
  }
  return { scene, poses, bounds, meshes, extras: gltf.asset.extras ?? {} };
}

/** Name of the node of the recording that a mesh belongs to. @param {import("three").Object3D|null} object @returns {string} */
export function bodyOf(object) {
  for (let at = object; at; at = at.parent) if (at.userData.name) return at.userData.name;
  return "";
}

/** @param {any} material @param {string} name @param {Map<string, MeshLambertMaterial>} known */
function plain(material, name, known) {
  const key = `${material.color.getHexString()} ${material.opacity}`;
  if (!known.has(key)) {
    known.set(key, new MeshLambertMaterial({
      color: material.color, opacity: material.opacity, transparent: material.opacity < 1, depthWrite: material.opacity >= 1, flatShading: true, side: DoubleSide,
    }));
  }
  return /** @type {MeshLambertMaterial} */ (known.get(key));
}

const DARK = new LineBasicMaterial({ color: 0x33414f, transparent: true, opacity: 0.55 });

/** @param {Mesh} mesh */
function edges(mesh) {
  const lines = new LineSegments(new EdgesGeometry(mesh.geometry, 25), DARK);
  lines.raycast = () => {};
  return lines;
}
