// One job: picture, time line, program, findings, bends.
import { bendsPanel, figureRow } from "./bends.js";
import { Clock } from "./clock.js";
import { h } from "./dom.js";
import { findingsPanel } from "./findings.js";
import { gantt, legend } from "./gantt.js";
import { header, toast } from "./header.js";
import { listen } from "./keys.js";
import { saveOffline } from "./offline.js";
import { printable } from "./printing.js";
import { programPanel } from "./program.js";
import { hashOf } from "./share.js";
import { t } from "./strings.js";
import { durationOf, recordedPhases } from "./timing.js";
import { transport, viewTools } from "./transport.js";
import { Viewer } from "./viewer.js";

const TABS = /** @type {const} */ (["program", "findings", "bends"]);

/**
 * @param {HTMLElement} page @param {import("./types.js").Result} result @param {Partial<import("./share.js").Spot>} spot where to begin
 * @param {{back: (() => void)|null, compare: (() => void)|null, relabel: (code: string) => void}} go
 */
export async function showJob(page, result, spot, go) {
  const { plan } = result;
  const clock = new Clock(plan ? durationOf(plan) : 0);
  const viewer = result.recording ? await Viewer.open(result.recording, clock, t("view3d")) : null;
  // A program that was run without a plan has only its recording to tell the time by.
  const phases = plan?.phases.length ? plan.phases : recordedPhases(viewer?.stage.extras);
  if (!plan?.phases.length) clock.duration = viewer?.stage.poses.duration ?? 0;
  const viewers = viewer ? [viewer] : [];
  const names = viewer ? [...viewer.stage.poses.nodes.keys()] : [];

  /** @param {number} time @param {string[]} [bodies] that light up */
  function seek(time, bodies = []) {
    clock.pause();
    clock.seek(time);
    viewer?.stage.poses.show(clock.time.value);
    const near = viewer?.highlight.show(bodies);
    if (near) viewer?.cameras.focus(near);
    viewer?.changed();
  }
  const where = () => ({ job: result.id || null, t: clock.time.value, view: viewer?.cameras.view() ?? null, tab, lang: document.documentElement.lang });
  async function share() {
    const hash = hashOf(where());
    history.replaceState(null, "", hash);
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      // Without the permission the link still stands in the address bar.
    }
    toast(t("copied"));
  }

  const bar = header({
    title: result.timeline?.cell.title ?? plan?.cell ?? result.summary.cell ?? "Pliant", logo: result.timeline?.cell.logo, part: result.title, verified: Boolean(result.summary.verified), back: go.back, relabel: go.relabel,
    actions: [
      go.compare ? h("button", { class: "quiet", "data-action": "compare", onclick: go.compare }, t("compare")) : null,
      h("button", { class: "quiet", "data-action": "share", onclick: share }, t("share")),
      h("button", { class: "quiet", "data-action": "print", onclick: () => window.print() }, t("print")),
      result.recording ? h("button", { class: "main", "data-action": "offline", title: t("offlineWhy"), onclick: () => saveOffline(result).catch((error) => toast(`${t("problem")}: ${error.message}`)) }, t("offline")) : null,
    ],
  });
  const program = programPanel(result, clock, (time) => seek(time));
  const panels = { program: program.element, findings: findingsPanel(result, names, seek), bends: bendsPanel(result, (time) => seek(time)) };
  let tab = TABS.find((name) => name === spot.tab) ?? (result.summary.verified ? "program" : "findings");
  const count = (result.summary.findings ?? []).length;
  const buttons = TABS.map((name) => h("button", { role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, "data-tab": name, onclick: () => choose(name) },
    t(name === "bends" && result.summary.beads ? "seams" : name), name === "findings" && count ? h("span", { class: "count" }, count) : null));
  const tabs = h("div", { class: "tabs", role: "tablist", onkeydown: (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[/** @type {"ArrowRight"} */ (event.key)];
    if (!by) return;
    event.stopPropagation();
    const next = (TABS.indexOf(tab) + by + TABS.length) % TABS.length;
    choose(TABS[next]);
    buttons[next].focus();
  } }, buttons);
  const side = h("aside", { class: "side" }, tabs, TABS.map((name) => h("div", { class: "panel", role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}` }, panels[name])));

  /** @param {"program"|"findings"|"bends"} name */
  function choose(name) {
    tab = name;
    TABS.forEach((one, index) => {
      buttons[index].setAttribute("aria-selected", String(one === name));
      buttons[index].tabIndex = one === name ? 0 : -1;
      /** @type {HTMLElement} */ (side.children[index + 1]).hidden = one !== name;
    });
  }
  choose(tab);

  const player = viewer ? transport(clock, phases) : null;
  const times = plan?.phases.length ? gantt(result, clock, seek) : null;
  page.replaceChildren(bar, h("main", { class: "job" }, figureRow(result),
    h("section", { class: "stage" }, viewer ? [h("div", { class: "picture" }, viewer.element, viewTools(viewers)), player?.element] : h("p", { class: "empty" }, t("noRecording"))),
    side, times ? h("section", { class: "times", "aria-label": t("timeline") }, times.element, legend(/** @type {import("./types.js").Plan} */ (plan))) : null));
  const stops = [listen(clock, () => viewers), printable(result, () => viewer)];
  viewer?.resize();
  if (spot.view) viewer?.cameras.look(spot.view);
  if (spot.t) clock.seek(spot.t);
  if (spot.play && !window.matchMedia("(prefers-reduced-motion: reduce)").matches) clock.play();
  return {
    clock, viewer, where,
    close() {
      clock.pause();
      [...stops, program.close, player?.close, times?.close].forEach((stop) => stop?.());
      viewer?.close();
    },
  };
}
