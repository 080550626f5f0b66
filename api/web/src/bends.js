// The bends as the operator knows them, and the figures that sell the cell.
import { h } from "./dom.js";
import { openFile } from "./http.js";
import { figure, t } from "./strings.js";
import { stepsOf } from "./timing.js";

/** @param {import("./types.js").Result} result @param {(time: number) => void} seek */
export function bendsPanel(result, seek) {
  const steps = new Map((result.plan ? stepsOf(result.plan) : []).map((step) => [step.name, step.start]));
  const heads = ["bends", "line", "angleCol", "gaugeX", "force", "ramSpeed", "tools"].map((key) => h("th", { scope: "col" }, t(key)));
  const rows = (result.summary.bends ?? []).map((/** @type {any} */ bend) => {
    const start = steps.get(`bend ${bend.bend}`);
    return h("tr", {},
      h("th", { scope: "row" }, start === undefined ? bend.bend : h("button", { class: "link", onclick: () => seek(start) }, bend.bend)),
      h("td", {}, bend.lines.join(", ")), h("td", {}, `${figure(bend.angle_deg)}°`), h("td", {}, `${figure(bend.gauge_x_mm)} mm`), h("td", {}, `${figure(bend.force_kn)} kN`),
      h("td", {}, `${figure(bend.bending_speed_mm_s)} mm/s`), h("td", { class: "words" }, bend.tools ?? ""));
  });
  const files = result.links.map(({ name, url }) => h("a", { href: url, target: "_blank", rel: "noopener", onclick: (/** @type {MouseEvent} */ event) => openFile(event, url) }, name === "setup.html" ? t("setup") : name));
  return h("div", { class: "bends" }, h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows))), h("p", { class: "files" }, files));
}

/** Name, figure and plain number of what a job is judged by. @param {import("./types.js").Result} result @returns {{key: string, text: string, value: number|null}[]} */
export function figuresOf(result) {
  const it = result.summary;
  const cycle = it.cycle_time_s || null;
  return [
    { key: "cycle", text: cycle ? `${figure(cycle)} s` : "–", value: cycle },
    { key: "perHour", text: cycle ? figure(3600 / cycle, 0) : "–", value: cycle ? 3600 / cycle : null },
    { key: "bends", text: String((it.bends ?? []).length), value: (it.bends ?? []).length },
    { key: "regrips", text: String(it.regrips ?? 0), value: it.regrips ?? 0 },
    { key: "clearanceFree", text: it.clearance_mm === null || it.clearance_mm === undefined ? "–" : `${figure(it.clearance_mm)} mm`, value: it.clearance_mm ?? null },
  ];
}

/** @param {import("./types.js").Result} result */
export function figureRow(result) {
  return h("dl", { class: "figures" }, figuresOf(result).map(({ key, text }) => h("div", { "data-figure": key }, h("dt", {}, t(key)), h("dd", {}, text))));
}
