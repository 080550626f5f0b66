// Robot, ram, gauge and grip, or robot, arc and positioner, over time, with the steps above and the clearance below; a click anywhere seeks.
import { s, h } from "./dom.js";
import { clearanceRow } from "./clearance.js";
import { planWords, t } from "./strings.js";
import { durationOf, endOf, moving, startOf, stepsOf } from "./timing.js";

export const COLORS = { free: "#2f6fb0", linear: "#7db4e6", follow: "#e08a2c", weld: "#e08a2c", wait: "#dde4ea" };
const LEFT = 74;
const HEAD = 24;
const ROW = 17;
export const PLOT = 52;

/** Bars of every lane: [start, end, colour, words]. @param {import("./types.js").Plan} plan */
export function lanesOf(plan) {
  const joints = plan.brake_joints ?? [];
  const ram = joints.indexOf("ram");
  const gauges = joints.map((_, index) => index).filter((index) => index !== ram);
  const turning = (plan.positioner_joints ?? []).map((_, index) => index);
  /** @type {Record<"robot"|"ram"|"gauge"|"grip"|"arc"|"positioner", [number, number, string, string][]>} */
  const lanes = { robot: [], ram: [], gauge: [], grip: [], arc: [], positioner: [] };
  for (const phase of plan.phases) {
    const [a, b] = [startOf(phase), endOf(phase)];
    if (b - a < 1e-3) continue;
    lanes.robot.push([a, b, COLORS[phase.kind], `${planWords(phase.step)}, ${planWords(phase.name)}: ${t(`kind_${phase.kind}`)}, ${(b - a).toFixed(2)} s`]);
    for (const [lane, columns, color, values] of /** @type {any} */ ([["ram", [ram], "#4a5563", phase.brake_m], ["gauge", gauges, "#8494a3", phase.brake_m], ["positioner", turning, "#4a5563", phase.positioner_rad]])) {
      for (const [from, to] of values ? moving(phase.times_s, values, columns) : []) {
        lanes[/** @type {"ram"} */ (lane)].push([from, to, color, `${planWords(phase.step)}, ${t(lane)}: ${(to - from).toFixed(2)} s`]);
      }
    }
    for (const [lane, on, color] of /** @type {["grip"|"arc", boolean|undefined, string][]} */ ([["grip", phase.gripped, "#5b8f6b"], ["arc", phase.arc, "#c2410c"]])) {
      const last = lanes[lane][lanes[lane].length - 1];
      if (on && last && Math.abs(last[1] - a) < 1e-6) last[1] = b;
      else if (on) lanes[lane].push([a, b, color, t(lane)]);
    }
  }
  return lanes;
}

/**
 * @param {import("./types.js").Result} result @param {import("./clock.js").Clock} clock @param {(time: number, bodies?: string[]) => void} seek
 * @returns {{element: HTMLElement, close: () => void}}
 */
export function gantt(result, clock, seek) {
  const plan = /** @type {import("./types.js").Plan} */ (result.plan);
  const duration = durationOf(plan);
  const lanes = Object.entries(lanesOf(plan)).filter(([, bars]) => bars.length);
  const top = HEAD + lanes.length * ROW + 8;
  const plot = result.timeline ? PLOT : 0;
  const height = top + plot + 20;
  const element = h("div", { class: "gantt" });
  // Its place is kept until it is drawn.
  element.style.minHeight = `${height}px`;
  /** @type {SVGElement|null} */
  let cursor = null;
  let width = 0;
  const x = (/** @type {number} */ time) => LEFT + (time / duration) * (width - LEFT - 8);

  function draw() {
    width = Math.max(element.clientWidth, 320);
    const svg = s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": t("timeline") });
    for (const step of stepsOf(plan)) {
      const room = x(step.end) - x(step.start);
      const words = planWords(step.name);
      const short = /(\d+)$/.exec(words)?.[1] ?? "";
      const shown = room > words.length * 6.4 + 6 ? words : room > 12 ? short : "";
      svg.append(s("g", { class: "step", role: "button", tabindex: 0, "aria-label": `${words}, ${step.start.toFixed(1)} s`, "data-step": step.name,
        onclick: (/** @type {Event} */ event) => { event.stopPropagation(); seek(step.start); },
        onkeydown: (/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter") seek(step.start); } },
        s("rect", { x: x(step.start), y: 2, width: Math.max(room - 1.5, 1), height: HEAD - 6, rx: 3 }),
        s("text", { x: (x(step.start) + x(step.end)) / 2, y: HEAD - 9.5, "text-anchor": "middle" }, shown),
        s("title", {}, words)));
    }
    lanes.forEach(([name, bars], row) => {
      const y = HEAD + row * ROW;
      svg.append(s("text", { class: "lane", x: 0, y: y + 11 }, t(name)), s("rect", { class: "track", x: LEFT, y: y + 2, width: width - LEFT - 8, height: ROW - 5 }));
      for (const [a, b, color, words] of bars) {
        svg.append(s("rect", { x: x(a), y: y + 2, width: Math.max(x(b) - x(a), 0.8), height: ROW - 5, fill: color, "data-lane": name, "data-start": a.toFixed(3) }, s("title", {}, words)));
      }
    });
    svg.append(clearanceRow(result, { x, top, left: LEFT, right: width - 8, height: plot }, seek));
    const every = [1, 2, 5, 10, 20, 30, 60, 120, 300].find((one) => (one / duration) * (width - LEFT) > 44) ?? 600;
    for (let second = 0; second <= duration; second += every) {
      svg.append(s("text", { class: "second", x: x(second), y: height - 4, "text-anchor": second === 0 ? "start" : x(second) > width - 24 ? "end" : "middle" }, `${second} s`));
    }
    cursor = s("line", { class: "cursor", y1: 0, y2: top + plot });
    svg.append(cursor);
    svg.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => drag(event, svg));
    element.replaceChildren(svg);
    follow(clock.time.value);
  }

  /** @param {PointerEvent} event @param {SVGElement} svg */
  function drag(event, svg) {
    const at = (/** @type {PointerEvent} */ one) => ((one.clientX - svg.getBoundingClientRect().left - LEFT) / (width - LEFT - 8)) * duration;
    if (event.clientX - svg.getBoundingClientRect().left < LEFT || /** @type {Element} */ (event.target).closest(".step, .near")) return;
    seek(at(event));
    const move = (/** @type {PointerEvent} */ one) => seek(at(one));
    svg.setPointerCapture(event.pointerId);
    svg.addEventListener("pointermove", move);
    svg.addEventListener("pointerup", () => svg.removeEventListener("pointermove", move), { once: true });
  }

  /** @param {number} time */
  function follow(time) {
    cursor?.setAttribute("x1", String(x(time)));
    cursor?.setAttribute("x2", String(x(time)));
  }

  const observer = new ResizeObserver(() => { if (element.clientWidth && element.clientWidth !== width) draw(); });
  observer.observe(element);
  const stop = clock.time.follow(follow);
  return { element, close: () => { observer.disconnect(); stop(); } };
}

/** What the colours mean. @param {import("./types.js").Plan} plan */
export function legend(plan) {
  const kinds = new Set(plan.phases.map((phase) => phase.kind));
  return h("div", { class: "legend" }, Object.entries(COLORS).filter(([kind]) => kinds.has(/** @type {"free"} */ (kind))).map(([kind, color]) => {
    const mark = h("i", {});
    mark.style.background = color;
    return h("span", {}, mark, t(`kind_${kind}`));
  }));
}
