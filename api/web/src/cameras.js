// Where the cell is looked at from: presets on keys 1 to 5, a smooth way between them, following the gripper.
import { PerspectiveCamera, Vector3 } from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";

/** Directions in the cell's frame: x along the beam, y to the back gauge, z up. The last one stays with the gripper. */
export const PRESETS = [
  { name: "overview", from: [0.56, -0.66, 0.46], about: "all" },
  { name: "front", from: [0, -1, 0.16], about: "all" },
  { name: "side", from: [-1, -0.06, 0.1], about: "tools" },
  { name: "top", from: [0, -0.02, 1], about: "all" },
  { name: "follow", from: [-0.55, -0.62, 0.5], about: "tcp" },
];
const WAY = 350;
/** The sheet bends here: the lower tool's top is about this high [m]. */
const BENCH = 0.95;

/** From the cell's frame to three.js's, whose y points up. @param {number[]} p */
const up = (p) => new Vector3(p[0], p[2], -p[1]);

export class Cameras {
  /** @param {HTMLElement} element @param {import("./scene.js").Stage} stage @param {() => void} changed */
  constructor(element, stage, changed) {
    this.stage = stage;
    this.changed = changed;
    this.camera = new PerspectiveCamera(34, 1, 0.05, 60);
    this.controls = new OrbitControls(this.camera, element);
    this.controls.enableDamping = false;
    this.controls.minDistance = 0.15;
    this.controls.maxDistance = 25;
    this.controls.addEventListener("change", changed);
    this.controls.addEventListener("start", () => { this.way = null; });
    this.preset = 0;
    this.following = false;
    this.gripper = [...stage.poses.nodes].find(([name]) => /^(gripper|torch) /.test(name))?.[1] ?? null;
    this.lastTcp = new Vector3();
    /** @type {{start: number, from: Vector3[], to: Vector3[]}|null} */
    this.way = null;
  }

  /** @param {number} index of PRESETS @param {boolean} [at] once, without a way there */
  choose(index, at = false) {
    const preset = PRESETS[index];
    this.preset = index;
    this.following = preset.about === "tcp";
    const target = this.centre(preset.about);
    const size = preset.about === "all" ? this.stage.bounds.getSize(new Vector3()).length() * 0.5 : preset.about === "tools" ? 0.75 : 1.1;
    const narrow = Math.min(this.camera.aspect, 1.45) / 1.45;
    const distance = (size / Math.tan((this.camera.fov * Math.PI) / 360)) * (preset.about === "all" ? 0.74 : 1) / Math.max(narrow, 0.45);
    const position = up(preset.from).normalize().multiplyScalar(distance).add(target);
    if (at) this.put(position, target);
    else this.way = { start: performance.now(), from: [this.camera.position.clone(), this.controls.target.clone()], to: [position, target] };
    this.rest();
    this.changed();
  }

  /** Comes nearer to a box, from where it is looked at now. @param {import("three").Box3} box */
  focus(box) {
    const target = box.getCenter(new Vector3());
    const distance = Math.max(box.getSize(new Vector3()).length() * 1.6, 1.6);
    const position = this.camera.position.clone().sub(this.controls.target).setLength(distance).add(target);
    this.following = false;
    this.way = { start: performance.now(), from: [this.camera.position.clone(), this.controls.target.clone()], to: [position, target] };
    this.changed();
  }

  /** @param {string} about @returns {Vector3} */
  centre(about) {
    if (about === "tcp" && this.gripper) return this.gripper.getWorldPosition(new Vector3());
    // A welding cell has its work where its torch goes.
    if (about === "tools") return this.stage.poses.nodes.has("brake frame") ? up([0, -0.1, BENCH + 0.1]) : this.centre("tcp");
    const centre = this.stage.bounds.getCenter(new Vector3());
    centre.y *= 0.8;
    return centre;
  }

  /** @param {Vector3} position @param {Vector3} target */
  put(position, target) {
    this.camera.position.copy(position);
    this.controls.target.copy(target);
    this.controls.update();
  }

  /** Remembers where the gripper is, so that only its further movement is followed. */
  rest() {
    this.gripper?.getWorldPosition(this.lastTcp);
  }

  /** Before a frame; answers whether the camera is still on its way. */
  advance() {
    if (this.following && this.gripper) {
      const now = this.gripper.getWorldPosition(new Vector3());
      const shift = now.clone().sub(this.lastTcp);
      this.lastTcp.copy(now);
      if (this.way) this.way.to.forEach((point) => point.add(shift));
      else this.put(this.camera.position.clone().add(shift), this.controls.target.clone().add(shift));
    }
    if (!this.way) return false;
    const share = Math.min((performance.now() - this.way.start) / WAY, 1);
    const eased = share * share * (3 - 2 * share);
    const [position, target] = [0, 1].map((k) => /** @type {any} */ (this.way).from[k].clone().lerp(/** @type {any} */ (this.way).to[k], eased));
    if (share >= 1) this.way = null;
    this.put(position, target);
    return this.way !== null;
  }

  /** The view in millimetres, for links. @returns {number[]} */
  view() {
    return [...this.camera.position.toArray(), ...this.controls.target.toArray()].map((value) => Math.round(value * 1000));
  }

  /** @param {number[]} view in millimetres */
  look(view) {
    if (view.length !== 6 || view.some((value) => !Number.isFinite(value))) return;
    const [x, y, z, a, b, c] = view.map((value) => value / 1000);
    this.way = null;
    this.put(new Vector3(x, y, z), new Vector3(a, b, c));
    this.rest();
    this.changed();
  }
}
