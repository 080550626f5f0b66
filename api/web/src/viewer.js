// The picture: draws only when something changed, quickly while it moves and finely once it rests.
import { Plane, Vector3, WebGLRenderer } from "three";
import { Cameras } from "./cameras.js";
import { Highlight } from "./highlight.js";
import { Measure } from "./measure.js";
import { loadStage } from "./scene.js";
import { h } from "./dom.js";

const REST = 180;
const AXES = { x: [1, 0, 0], y: [0, 0, -1], z: [0, 1, 0] };

export class Viewer {
  /** @param {import("./scene.js").Stage} stage @param {import("./clock.js").Clock} clock @param {string} label */
  constructor(stage, clock, label) {
    this.stage = stage;
    this.clock = clock;
    this.canvas = h("canvas", { tabindex: 0, role: "img", "aria-label": label });
    this.element = h("div", { class: "viewer" }, this.canvas);
    // Corners are smoothed by drawing the resting picture larger; that costs nothing while it moves.
    this.renderer = new WebGLRenderer({ canvas: this.canvas, antialias: false, powerPreference: "high-performance" });
    this.cameras = new Cameras(this.canvas, stage, () => this.changed());
    this.highlight = new Highlight(stage);
    this.measure = new Measure(this);
    this.width = this.height = 0;
    this.drawn = 0;
    this.lastFrame = 0;
    this.waiting = false;
    this.resting = 0;
    this.first = true;
    this.stop = clock.time.follow(() => this.changed());
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.element);
  }

  /** @param {ArrayBuffer} recording @param {import("./clock.js").Clock} clock @param {string} label */
  static async open(recording, clock, label) {
    return new Viewer(await loadStage(recording), clock, label);
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height || (width === this.width && height === this.height)) return;
    [this.width, this.height] = [width, height];
    this.cameras.camera.aspect = width / height;
    this.cameras.camera.updateProjectionMatrix();
    if (this.first) this.cameras.choose(this.cameras.preset, true);
    this.first = false;
    this.draw(1);
    this.changed();
  }

  /** Asks for a frame. */
  changed() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw(1);
      clearTimeout(this.resting);
      this.resting = window.setTimeout(() => this.draw(2), REST);
    });
  }

  /** @param {number} fineness 1 while moving, 2 at rest */
  draw(fineness) {
    if (!this.width) return;
    const began = performance.now();
    this.stage.poses.show(this.clock.time.value);
    const under_way = this.cameras.advance();
    const ratio = fineness === 1 ? 1 : Math.min(2, Math.max(2, window.devicePixelRatio));
    if (this.renderer.getPixelRatio() !== ratio || this.canvas.width !== Math.floor(this.width * ratio) || this.canvas.height !== Math.floor(this.height * ratio)) {
      this.renderer.setPixelRatio(ratio);
      this.renderer.setSize(this.width, this.height, false);
    }
    this.renderer.render(this.stage.scene, this.cameras.camera);
    this.measure.place();
    this.drawn += 1;
    this.lastFrame = performance.now() - began;
    if (under_way) this.changed();
  }

  /** Cuts the picture open; null closes it. @param {{axis: "x"|"y"|"z", at: number, flip: boolean}|null} cut `at` as a share of the cell's size */
  section(cut) {
    this.cut = cut;
    if (!cut) this.renderer.clippingPlanes = [];
    else {
      const normal = new Vector3(...AXES[cut.axis]);
      const ends = [this.stage.bounds.min.dot(normal), this.stage.bounds.max.dot(normal)].sort((a, b) => a - b);
      const at = ends[0] + (ends[1] - ends[0]) * cut.at;
      this.renderer.clippingPlanes = [cut.flip ? new Plane(normal, -at) : new Plane(normal.clone().negate(), at)];
    }
    this.changed();
  }

  /** The picture as it is now. @returns {string} data URL */
  picture() {
    this.draw(2);
    return this.canvas.toDataURL("image/png");
  }

  /** Where a node is at a moment, in the cell's frame [m]. @param {string} name @param {number} time [s] */
  pose(name, time) {
    this.stage.poses.show(time);
    const T = this.stage.poses.place(name);
    this.stage.poses.show(this.clock.time.value);
    return T;
  }

  close() {
    this.stop();
    this.observer.disconnect();
    clearTimeout(this.resting);
    this.cameras.controls.dispose();
    this.renderer.dispose();
    this.element.remove();
  }
}
