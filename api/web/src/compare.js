// Two jobs side by side: the same moment, the same view, and what changed in figures.
import { figuresOf } from "./bends.js";
import { Clock } from "./clock.js";
import { h } from "./dom.js";
import { gantt } from "./gantt.js";
import { header } from "./header.js";
import { listen } from "./keys.js";
import { figure, t } from "./strings.js";
import { durationOf } from "./timing.js";
import { transport, viewTools } from "./transport.js";
import { Viewer } from "./viewer.js";

/**
 * @param {HTMLElement} page @param {[import("./types.js").Result, import("./types.js").Result]} results before, after
 * @param {Partial<import("./share.js").Spot>} spot @param {{back: () => void, relabel: (code: string) => void}} go
 */
export async function showCompare(page, results, spot, go) {
  const clock = new Clock(Math.max(...results.map(({ plan }) => (plan ? durationOf(plan) : 0))));
  /** @type {Viewer[]} */
  const viewers = [];
  for (const result of results) if (result.recording) viewers.push(await Viewer.open(result.recording, clock, `${result.title}. ${t("view3d")}`));
  let led = false;
  for (const viewer of viewers) {
    // Either picture leads the other; what the other does in answer leads nobody.
    viewer.cameras.controls.addEventListener("change", () => {
      if (led || viewer.cameras.following) return;
      led = true;
      viewers.filter((other) => other !== viewer).forEach((other) => other.cameras.look(viewer.cameras.view()));
      led = false;
    });
  }
  const seek = (/** @type {number} */ time) => { clock.pause(); clock.seek(time); };
  const player = transport(clock, []);
  const charts = results.map((result) => (result.plan?.phases.length ? gantt(result, clock, seek) : null));
  // Of a bent and a welded part only what both have is compared.
  const [before, other] = results.map(figuresOf);
  const after = before.map((one) => other.find(({ key }) => key === one.key) ?? { key: one.key, text: "–", value: null });
  const rows = before.map((one, index) => {
    const [a, b] = [one.value, after[index].value];
    const change = a !== null && b !== null ? b - a : null;
    const digits = Number.isInteger(change) || one.key === "perHour" ? 0 : 1;
    return h("tr", {}, h("th", { scope: "row" }, t(one.key)), h("td", {}, one.text), h("td", {}, after[index].text),
      h("td", {}, change === null ? "–" : `${change > 0 ? "+" : ""}${figure(change, digits)}`));
  });
  const columns = results.map((result, index) => h("section", { class: "column" }, h("h2", {}, h("small", {}, t(index ? "after" : "before")), " ", result.title),
    viewers[index] ? h("div", { class: "picture" }, viewers[index].element) : h("p", { class: "empty" }, t("noRecording"))));
  page.replaceChildren(
    header({ title: results[0].timeline?.cell.title, logo: results[0].timeline?.cell.logo, part: `${results[0].title} · ${results[1].title}`, back: go.back, relabel: go.relabel }),
    h("main", { class: "compare" }, columns, h("div", { class: "both" }, viewTools(viewers), player.element,
      h("div", { class: "scroll" }, h("table", { class: "change" }, h("thead", {}, h("tr", {}, h("td", {}), [t("before"), t("after"), t("difference")].map((words) => h("th", { scope: "col" }, words)))), h("tbody", {}, rows)))),
    charts.map((chart) => chart && h("section", { class: "times" }, chart.element))));
  const stop = listen(clock, () => viewers);
  viewers.forEach((viewer) => viewer.resize());
  if (spot.t) clock.seek(spot.t);
  return {
    clock, viewer: viewers[0] ?? null,
    where: () => ({ job: results[0].id, with: results[1].id, t: clock.time.value, view: null, tab: null, lang: document.documentElement.lang }),
    close() {
      clock.pause();
      stop();
      player.close();
      charts.forEach((chart) => chart?.close());
      viewers.forEach((viewer) => viewer.close());
    },
  };
}
