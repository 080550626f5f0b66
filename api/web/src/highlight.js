// Lights up bodies by the names that findings and clearances use.
import { Box3, Color, DoubleSide, MeshLambertMaterial, Vector3 } from "three";
import { bodyOf } from "./scene.js";

/** Bodies from this size on are only tinted [m]. */
const LARGE = 1.5;
const COLORS = [0xe5007d, 0xf08a00];

/**
 * Nodes of the recording that a body's name stands for: `link_3` is `robot link_3`, `bend 2 zone` its strips.
 * @param {Iterable<string>} names @param {string} body @returns {string[]}
 */
export function nodesOf(names, body) {
  const zone = /^bend (\d+) zone$/.exec(body);
  return [...names].filter((name) => name === body || name === `robot ${body}` || name === `gripper ${body}` || name === `brake ${body}`
    || (zone !== null && name.startsWith(`bend ${zone[1]} strip `)));
}

/** Bodies that a text speaks of, in its order. @param {Iterable<string>} names @param {string} text */
export function spokenOf(names, text) {
  const short = [...names].map((name) => name.replace(/^(robot|gripper) /, "").replace(/^(bend \d+) strip \d+$/, "$1 zone"));
  const found = [...new Set(short)].filter((name) => name.length > 2 && !/^(sheet|cell|base)$/.test(name))
    .map((name) => ({ name, at: text.search(new RegExp(`\\b${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\b`)) })).filter(({ at }) => at >= 0);
  return found.sort((a, b) => a.at - b.at).map(({ name }) => name).slice(0, 2);
}

export class Highlight {
  /** @param {import("./scene.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.before = new Map();
    /** @type {string[]} */
    this.bodies = [];
    this.materials = COLORS.map((color) => new MeshLambertMaterial({ color, emissive: color, emissiveIntensity: 0.35, flatShading: true, side: DoubleSide }));
  }

  /** @param {string[]} bodies up to two; none: everything as it was; answers where the smaller one is */
  show(bodies) {
    for (const [mesh, material] of this.before) mesh.material = material;
    this.before.clear();
    this.bodies = bodies;
    /** @type {Box3|null} */
    let smallest = null;
    bodies.slice(0, 2).forEach((body, index) => {
      const lit = new Set(nodesOf(this.stage.poses.nodes.keys(), body));
      const box = new Box3();
      for (const mesh of this.stage.meshes) {
        if (!lit.has(bodyOf(mesh))) continue;
        box.expandByObject(mesh);
        this.before.set(mesh, mesh.material);
      }
      // A whole machine in full colour would drown what is next to it.
      for (const mesh of this.stage.meshes) if (lit.has(bodyOf(mesh))) mesh.material = size(box) < LARGE ? this.materials[index] : tinted(mesh.material, COLORS[index]);
      if (!box.isEmpty() && (!smallest || size(box) < size(smallest))) smallest = box;
    });
    return smallest;
  }
}

/** @param {any} material @param {number} color */
function tinted(material, color) {
  const out = material.clone();
  out.color.lerp(new Color(color), 0.45);
  return out;
}

/** @param {Box3} box */
function size(box) {
  return box.getSize(new Vector3()).length();
}
