// The bends as the operator knows them, and the figures that sell the cell.
import { h } from "./dom.js";
import { openFile } from "./http.js";
import { figure, t } from "./strings.js";
import { stepsOf } from "./timing.js";

/** @param {import("./types.js").Result} result @param {(time: number) => void} seek */
export function bendsPanel(result, seek) {
  const table = result.summary.beads ? beadTable(result, seek) : bendTable(result, seek);
  const files = result.links.map(({ name, url }) => h("a", { href: url, target: "_blank", rel: "noopener", onclick: (/** @type {MouseEvent} */ event) => openFile(event, url) }, name === "setup.html" ? t("setup") : name));
  return h("div", { class: "bends" }, h("div", { class: "scroll" }, table), h("p", { class: "files" }, files));
}

/** @param {string[]} heads @param {any[]} rows */
function tableOf(heads, rows) {
  return h("table", {}, h("thead", {}, h("tr", {}, heads.map((key) => h("th", { scope: "col" }, t(key))))), h("tbody", {}, rows));
}

/** @param {import("./types.js").Result} result @param {(time: number) => void} seek */
function beadTable(result, seek) {
  return tableOf(["seams", "length", "arcOn", "position_weld", "procedure"], result.summary.beads.map((/** @type {any} */ bead) => h("tr", {},
    h("th", { scope: "row" }, h("button", { class: "link", onclick: () => seek(bead.starts_at_s) }, bead.bead > 1 ? `${bead.seam} (${bead.bead})` : bead.seam)),
    h("td", {}, `${figure(bead.length_mm, 0)} mm`), h("td", {}, `${figure(bead.arc_on_s)} s`), h("td", {}, bead.position), h("td", { class: "words" }, bead.procedure))));
}

/** @param {import("./types.js").Result} result @param {(time: number) => void} seek */
function bendTable(result, seek) {
  const steps = new Map((result.plan ? stepsOf(result.plan) : []).map((step) => [step.name, step.start]));
  const rows = (result.summary.bends ?? []).map((/** @type {any} */ bend) => {
    const start = steps.get(`bend ${bend.bend}`);
    return h("tr", {},
      h("th", { scope: "row" }, start === undefined ? bend.bend : h("button", { class: "link", onclick: () => seek(start) }, bend.bend)),
      h("td", {}, bend.lines.join(", ")), h("td", {}, `${figure(bend.angle_deg)}°`), h("td", {}, `${figure(bend.gauge_x_mm)} mm`), h("td", {}, `${figure(bend.force_kn)} kN`),
      h("td", {}, `${figure(bend.bending_speed_mm_s)} mm/s`), h("td", { class: "words" }, bend.tools ?? ""));
  });
  return tableOf(["bends", "line", "angleCol", "gaugeX", "force", "ramSpeed", "tools"], rows);
}

/** Name, figure and plain number of what a job is judged by. @param {import("./types.js").Result} result @returns {{key: string, text: string, value: number|null}[]} */
export function figuresOf(result) {
  const it = result.summary;
  const cycle = it.cycle_time_s || null;
  const near = it.clearance_mm ?? it.run?.clearance_mm ?? null;
  return [
    { key: "cycle", text: cycle ? `${figure(cycle)} s` : "–", value: cycle },
    { key: "perHour", text: cycle ? figure(3600 / cycle, 0) : "–", value: cycle ? 3600 / cycle : null },
    ...(it.beads ? welded(it) : bent(it)),
    { key: "clearanceFree", text: near === null ? "–" : `${figure(near)} mm`, value: near },
  ];
}

/** @param {Record<string, any>} summary */
function bent(summary) {
  const [bends, regrips] = [(summary.bends ?? []).length, summary.regrips ?? 0];
  return [{ key: "bends", text: String(bends), value: bends }, { key: "regrips", text: String(regrips), value: regrips }];
}

/** @param {Record<string, any>} summary */
function welded(summary) {
  const arc = summary.times?.arc_on_s ?? null;
  return [{ key: "seams", text: String(summary.seams), value: summary.seams }, { key: "arcOn", text: `${figure(arc)} s`, value: arc }];
}

/** @param {import("./types.js").Result} result */
export function figureRow(result) {
  return h("dl", { class: "figures" }, figuresOf(result).map(({ key, text }) => h("div", { "data-figure": key }, h("dt", {}, t(key)), h("dd", {}, text))));
}
