// The distance between two picked points, in millimetres, with its parts along the cell's axes.
import { BufferGeometry, Line, LineBasicMaterial, Raycaster, Vector2, Vector3 } from "three";
import { h } from "./dom.js";
import { bodyOf } from "./scene.js";

export class Measure {
  /** @param {import("./viewer.js").Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.on = false;
    /** @type {{point: Vector3, body: string}[]} */
    this.picked = [];
    this.labels = [0, 1].map(() => h("span", { class: "pick", hidden: true }));
    this.figure = h("output", { class: "measured", hidden: true });
    viewer.element.append(...this.labels, this.figure);
    this.line = new Line(new BufferGeometry(), new LineBasicMaterial({ color: 0xe5007d, depthTest: false }));
    this.line.renderOrder = 10;
    this.line.visible = false;
    this.line.raycast = () => {};
    viewer.stage.scene.add(this.line);
    /** @type {number[]} */
    let down = [0, 0];
    viewer.canvas.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => { down = [event.clientX, event.clientY]; });
    viewer.canvas.addEventListener("pointerup", (/** @type {PointerEvent} */ event) => {
      if (this.on && Math.hypot(event.clientX - down[0], event.clientY - down[1]) < 4) this.pick(event.offsetX, event.offsetY);
    });
  }

  /** @param {boolean} on */
  use(on) {
    this.on = on;
    this.picked = [];
    this.viewer.element.classList.toggle("measuring", on);
    this.update();
  }

  /** @param {number} x @param {number} y in the picture [px] */
  pick(x, y) {
    const { viewer } = this;
    const ray = new Raycaster();
    ray.setFromCamera(new Vector2((x / viewer.width) * 2 - 1, 1 - (y / viewer.height) * 2), viewer.cameras.camera);
    const planes = viewer.renderer.clippingPlanes;
    const seen = viewer.stage.meshes.filter((mesh) => mesh.visible && !/^(floor|fence)/.test(bodyOf(mesh)));
    const hit = ray.intersectObjects(seen, false).find(({ point }) => planes.every((plane) => plane.distanceToPoint(point) >= 0));
    if (!hit) return;
    if (this.picked.length === 2) this.picked = [];
    this.picked.push({ point: hit.point.clone(), body: bodyOf(hit.object) });
    this.update();
  }

  update() {
    this.line.visible = this.picked.length === 2;
    this.figure.hidden = this.picked.length < 2;
    if (this.picked.length === 2) {
      const [a, b] = this.picked;
      this.line.geometry.dispose();
      this.line.geometry = new BufferGeometry().setFromPoints([a.point, b.point]);
      const d = b.point.clone().sub(a.point);
      const mm = (/** @type {number} */ value) => (value * 1000).toFixed(1);
      this.figure.textContent = `${mm(d.length())} mm  (x ${mm(d.x)}, y ${mm(-d.z)}, z ${mm(d.y)})  ${a.body} – ${b.body}`;
    }
    this.viewer.changed();
  }

  /** Puts the marks where the points are seen. */
  place() {
    this.labels.forEach((label, index) => {
      const one = this.picked[index];
      label.hidden = !one;
      if (!one) return;
      const seen = one.point.clone().project(this.viewer.cameras.camera);
      label.style.transform = `translate(${((seen.x + 1) / 2) * this.viewer.width}px, ${((1 - seen.y) / 2) * this.viewer.height}px)`;
    });
  }
}
