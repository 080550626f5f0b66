// The first page: a part comes in, jobs stand below, a running one shows how far it is.
import { h } from "./dom.js";
import EXAMPLES from "../examples.json";
import { header } from "./header.js";
import { events, json, list, request } from "./http.js";
import { overall } from "./progress.js";
import { jobTitle } from "./results.js";
import { figure, t } from "./strings.js";

/** As `parts/materials` has them; tests/web holds the two together. */
export const MATERIALS = ["mild-steel", "galvanised-steel", "stainless-304", "stainless-316", "aluminium-5052", "aluminium-5754", "aluminium-6061"];
const POLL = 3000;

/** @param {File} file */
const isSolid = (file) => /\.(step|stp|p21)$/i.test(file.name);

/**
 * @param {HTMLElement} page @param {{open: (id: string) => void, relabel: (code: string) => void}} go
 * @returns {{close: () => void}}
 */
export function showStart(page, go) {
  const stop = new AbortController();
  /** @type {File|null} */
  let drawing = null;
  /** Names of welding cells. @type {Set<string>} */
  const welding = new Set(EXAMPLES.filter((one) => one.kind === "weld").map((one) => one.options.cell));
  const input = h("input", { type: "file", accept: ".dxf,.step,.stp,.p21", class: "hidden-input", id: "drawing", onchange: () => take(input.files?.[0] ?? null) });
  const chosen = h("strong", {}, t("drop"));
  const drop = h("label", { class: "drop", for: "drawing" }, input, h("span", { class: "sheet", "aria-hidden": "true" }), chosen, h("small", {}, t("formats")));
  for (const kind of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(kind, (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragover");
      if (kind === "drop") take(event.dataTransfer?.files[0] ?? null);
    });
  }
  const cell = h("select", { id: "cell", required: true, onchange: () => fit() }, h("option", { value: "" }, `${t("loading")} …`));
  const material = h("select", { id: "material" }, MATERIALS.map((name) => h("option", {}, name)));
  const thickness = h("input", { id: "thickness", type: "number", min: 0.3, max: 20, step: "any", value: 2, required: true });
  const angle = h("input", { id: "angle", type: "number", min: 1, max: 150, step: "any", value: 90, required: true });
  const send = h("button", { class: "main", type: "submit", disabled: true }, t("plan"));
  const wrong = h("p", { class: "wrong", role: "alert" });
  const form = h("form", { class: "ask", onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); start(); } }, drop,
    h("div", { class: "fields" }, field("cell", cell), field("material", material), field("thickness", thickness), field("angle", angle)), send, wrong,
    h("p", { class: "try" }, t("examples"), ": ", EXAMPLES.map((one) => h("button", { type: "button", class: "quiet", "data-example": one.name, onclick: () => example(one) }, t(`example_${one.name}`)))));
  const jobs = h("ul", { class: "jobs" });
  page.replaceChildren(header({ relabel: go.relabel }), h("main", { class: "start" }, h("h1", {}, t("tagline")), form, h("section", {}, h("h2", {}, t("jobs")), jobs)));

  /** @param {string} key @param {HTMLElement} control */
  function field(key, control) {
    return h("div", {}, h("label", { for: control.id }, t(key)), control);
  }

  /** @param {File|null} file */
  function take(file) {
    if (!file) return;
    drawing = file;
    chosen.textContent = file.name;
    send.disabled = false;
    // A flat can only be bent.
    if (!isSolid(file) && welding.has(cell.value)) cell.value = [...cell.options].find((option) => !welding.has(option.value))?.value ?? cell.value;
    fit();
  }

  /** What has to be said: a folded part says itself how thick it is and how it is bent, a weldment everything. */
  function fit() {
    const weld = welding.has(cell.value);
    material.disabled = weld;
    [thickness.disabled, angle.disabled] = Array(2).fill(weld || (drawing !== null && isSolid(drawing)));
  }

  /** @param {typeof EXAMPLES[number]} one */
  async function example(one) {
    await tell(async () => {
      const [name] = one.files.map((path) => path.split("/").pop() ?? path);
      const data = await (await fetch(`examples/${name}`)).blob();
      /** @type {any} */
      const asked = one.options;
      // The cells may still be on their way.
      if (![...cell.options].some((option) => option.value === asked.cell)) cell.append(h("option", { value: asked.cell }, asked.cell));
      cell.value = asked.cell;
      if (asked.material) [material.value, thickness.value, angle.value] = [asked.material, String(asked.thickness_mm), String(asked.angle_deg)];
      take(new File([data], name));
      await start();
    });
  }

  async function start() {
    if (!drawing) return;
    const file = drawing;
    send.disabled = true;
    await tell(async () => {
      const body = new FormData();
      const weld = welding.has(cell.value);
      body.set("kind", weld ? "weld" : "bend");
      const flat = isSolid(file) ? {} : { thickness_mm: Number(thickness.value), angle_deg: Number(angle.value), direction: "up" };
      body.set("options", JSON.stringify({ cell: cell.value, ...(weld ? {} : { material: material.value, ...flat }) }));
      body.set("files", file, file.name);
      const answer = await request("jobs", { method: "POST", body });
      const id = (answer.headers.get("location") ?? "").split("/").pop() || (await answer.json()).id;
      await fill();
      jobs.querySelector(`[data-job="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" });
    });
    send.disabled = false;
  }

  /** @param {() => Promise<void>} work */
  async function tell(work) {
    wrong.textContent = "";
    try {
      await work();
    } catch (error) {
      if (!stop.signal.aborted) wrong.textContent = `${t("problem")}: ${/** @type {Error} */ (error).message}`;
    }
  }

  async function fill() {
    // Programs written in other languages are jobs too, but nothing to look at.
    const all = (await list("jobs", "jobs")).filter((job) => job.kind !== "export" && job.kind !== "check" && job.kind !== "unfold");
    if (stop.signal.aborted) return;
    jobs.replaceChildren(...(all.length ? all.map((job) => row(job)) : [h("li", { class: "empty" }, t("noJobs"))]));
  }

  /** @param {any} job */
  function row(job) {
    const state = h("span", { class: `state ${job.state}` }, t(job.state));
    const bar = h("progress", { max: 1, value: 0, "aria-label": jobTitle(job) });
    const words = h("span", { class: "stage-name", role: "status" });
    const actions = h("span", { class: "row-actions" });
    const item = h("li", { "data-job": job.id }, h("span", { class: "job-title" }, jobTitle(job)), state, bar, words, actions);
    let before = "";
    const show = (/** @type {any} */ now) => {
      const busy = now.state === "queued" || now.state === "running";
      const refused = now.state === "done" && now.verified === false;
      state.className = `state ${refused ? "failed" : now.state}`;
      state.textContent = t(refused ? "refused" : now.state);
      bar.hidden = !busy;
      bar.value = overall(now.progress, bar.value);
      const summary = now.summary;
      words.textContent = busy ? [now.progress?.stage, now.progress?.message].filter(Boolean).join(" · ")
        : summary?.cycle_time_s ? `${figure(summary.cycle_time_s)} s · ${summary.cell ?? ""}` : now.problem?.detail ?? "";
      // A button that is replaced while one presses it is not pressed.
      if (before === now.state) return;
      before = now.state;
      actions.replaceChildren(now.state === "done" ? h("button", { class: "main small", "data-action": "open", onclick: () => go.open(job.id) }, t("open"))
        : busy ? h("button", { class: "small", "data-action": "cancel", onclick: () => tell(async () => { await request(`jobs/${job.id}`, { method: "DELETE" }); await fill(); }) }, t("cancel")) : "");
    };
    show(job);
    if (job.state === "queued" || job.state === "running") watch(job, show);
    return item;
  }

  /** @param {any} job @param {(now: any) => void} show */
  async function watch(job, show) {
    const ended = () => json(`jobs/${job.id}`).then((now) => { Object.assign(job, now); show(job); });
    while (!stop.signal.aborted && (job.state === "queued" || job.state === "running")) {
      try {
        await events(`jobs/${job.id}/events`, (event, data) => {
          if (event === "progress") job.progress = data.progress ?? data;
          if (event === "state") job.state = data.state ?? data;
          if (job.state === "queued" && event === "progress") job.state = "running";
          show(job);
        }, stop.signal);
      } catch {
        // A server or proxy without event streams is asked from time to time.
        await new Promise((go_on) => setTimeout(go_on, POLL));
      }
      if (stop.signal.aborted) return;
      await ended().catch(() => {});
      if (job.state === "queued" || job.state === "running") await new Promise((go_on) => setTimeout(go_on, 500));
    }
  }

  tell(fill);
  tell(async () => {
    const cells = await list("cells", "cells");
    const chosen_before = cell.value;
    for (const one of cells) if (one.kind === "welding") welding.add(one.name);
    cell.replaceChildren(...cells.map((one) => h("option", { value: one.name, selected: one.name === chosen_before }, one.title)));
    fit();
  });
  return { close: () => stop.abort() };
}
