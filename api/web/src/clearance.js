// The smallest distance over time, with the band that free moves keep out of.
import { s } from "./dom.js";
import { figure, t } from "./strings.js";
import { nearest } from "./timing.js";

/**
 * @param {import("./types.js").Result} result
 * @param {{x: (time: number) => number, top: number, left: number, right: number, height: number}} room
 * @param {(time: number, bodies?: string[]) => void} seek
 */
export function clearanceRow(result, room, seek) {
  const { timeline, plan } = result;
  const out = s("g", { class: "clearance" });
  if (!timeline || !plan) return out;
  const most = timeline.sight_mm;
  // The root shows the few millimetres that matter as large as the many that do not.
  const y = (/** @type {number} */ mm) => room.top + room.height - Math.sqrt(Math.max(mm, 0) / most) * room.height;
  const band = y(timeline.margin_mm);
  out.append(
    s("text", { class: "lane", x: 0, y: room.top + 12 }, t("clearance")),
    s("rect", { class: "track", x: room.left, y: room.top, width: room.right - room.left, height: room.height }),
    s("rect", { class: "band", x: room.left, y: band, width: room.right - room.left, height: room.top + room.height - band },
      s("title", {}, `${t("limit")}: ${figure(timeline.margin_mm, 0)} mm`)),
    s("line", { class: "limit", x1: room.left, x2: room.right, y1: band, y2: band }),
  );
  for (const [mm, words] of /** @type {[number, string][]} */ ([[most, `≥ ${figure(most, 0)} mm`], [timeline.margin_mm, `${figure(timeline.margin_mm, 0)} mm`]])) {
    out.append(s("text", { class: "second", x: room.left - 5, y: y(mm) + (mm === most ? 22 : 4), "text-anchor": "end" }, words));
  }
  timeline.clearance.forEach((course, index) => {
    const points = course.times_s.map((time, k) => `${room.x(time).toFixed(1)},${y(course.distance_mm[k]).toFixed(1)}`);
    if (points.length > 1) out.append(s("polyline", { class: plan.phases[index].kind === "free" ? "free" : "near-work", points: points.join(" ") }));
  });
  const worst = nearest(result);
  if (worst) {
    const words = `${t("nearest")}: ${figure(worst.distance)} mm ${t("between")} ${worst.bodies.join(` ${t("and")} `)}`;
    const go = () => seek(worst.time, worst.bodies);
    out.append(s("circle", { class: "near", role: "button", tabindex: 0, "aria-label": words, cx: room.x(worst.time), cy: y(worst.distance), r: 5, onclick: go,
      onkeydown: (/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter") go(); } }, s("title", {}, words)));
  }
  return out;
}
