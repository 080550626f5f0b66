// Play, scrub, speed, views.
import { SPEEDS } from "./clock.js";
import { PRESETS } from "./cameras.js";
import { h } from "./dom.js";
import { phaseAt, clockText } from "./timing.js";
import { planWords, t } from "./strings.js";

/**
 * @param {import("./clock.js").Clock} clock @param {Pick<import("./types.js").Phase, "name"|"step"|"times_s">[]} phases what to say at each moment
 * @returns {{element: HTMLElement, close: () => void}}
 */
export function transport(clock, phases) {
  const play = h("button", { class: "play", "aria-label": t("play"), onclick: () => clock.toggle() });
  const scrub = h("input", { type: "range", min: 0, max: clock.duration, step: 0.01, value: 0, "aria-label": t("time"), "data-part": "scrub",
    oninput: () => { clock.pause(); clock.seek(Number(scrub.value)); } });
  const speed = h("select", { "aria-label": t("speed"), onchange: () => clock.speed.set(Number(speed.value)) }, SPEEDS.map((one) => h("option", { value: one }, `${one}×`)));
  const time = h("output", { class: "clock" });
  const step = h("output", { class: "now" });
  const stops = [
    clock.playing.follow((playing) => {
      play.textContent = playing ? "❚❚" : "▶";
      play.setAttribute("aria-label", t(playing ? "pause" : "play"));
    }),
    clock.speed.follow((value) => { speed.value = String(value); }),
    clock.time.follow((value) => {
      scrub.value = String(value);
      time.textContent = `${clockText(value)} / ${clockText(clock.duration)}`;
      const phase = phaseAt(phases, value);
      scrub.setAttribute("aria-valuetext", `${value.toFixed(1)} s${phase ? `, ${planWords(phase.step)}, ${planWords(phase.name)}` : ""}`);
      step.textContent = phase ? `${planWords(phase.step)} · ${planWords(phase.name)}` : "";
    }),
  ];
  const element = h("div", { class: "transport", title: t("keys") }, play, scrub, time, step, speed);
  return { element, close: () => stops.forEach((stop) => stop()) };
}

/** Buttons over the picture: views, section, measuring. @param {import("./viewer.js").Viewer[]} viewers */
export function viewTools(viewers) {
  const views = PRESETS.map((preset, index) => h("button", { class: "small", "data-view": preset.name, title: `${t(preset.name)} (${index + 1})`,
    onclick: () => viewers.forEach((viewer) => viewer.cameras.choose(index)) }, t(preset.name)));
  const cut = { axis: "x", at: 0.5, flip: false };
  const axis = h("select", { "aria-label": t("axis"), onchange: () => apply() }, ["x", "y", "z"].map((name) => h("option", {}, name)));
  const at = h("input", { type: "range", min: 0, max: 1, step: 0.002, value: 0.5, "aria-label": t("position"), oninput: () => apply() });
  const flip = h("button", { class: "small", title: t("flip"), "aria-label": t("flip"), onclick: () => { cut.flip = !cut.flip; apply(); } }, "⇄");
  const panel = h("span", { class: "cut", hidden: true }, axis, at, flip);
  const section = h("button", { class: "small", "aria-pressed": "false", "data-tool": "section", onclick: () => {
    panel.hidden = !panel.hidden;
    section.setAttribute("aria-pressed", String(!panel.hidden));
    apply();
  } }, t("section"));
  const measure = h("button", { class: "small", "aria-pressed": "false", "data-tool": "measure", title: t("measureHow"), onclick: () => {
    const on = !viewers[0].measure.on;
    viewers.forEach((viewer) => viewer.measure.use(on));
    measure.setAttribute("aria-pressed", String(on));
  } }, t("measure"));

  function apply() {
    const set = panel.hidden ? null : { axis: /** @type {"x"} */ (axis.value), at: Number(at.value), flip: cut.flip };
    viewers.forEach((viewer) => viewer.section(set));
  }
  return h("div", { class: "tools" }, views, h("span", { class: "gap" }), section, panel, measure);
}
