// Which page is shown: the start, a job, two jobs; the offline file shows its own job.
import { showCompare } from "./compare.js";
import { h } from "./dom.js";
import { giveKey, keyWanted, list } from "./http.js";
import { showJob } from "./job.js";
import { embedded, offlineHtml } from "./offline.js";
import { fetchResult, jobTitle } from "./results.js";
import { readSpot, showSpot } from "./share.js";
import { showStart } from "./start.js";
import { preferred, setLanguage, t } from "./strings.js";

const page = /** @type {HTMLElement} */ (document.getElementById("page"));
/** @type {import("./types.js").Result|null} */
let own = null;
/** @type {Map<string, import("./types.js").Result>} */
const known = new Map();
/** @type {any} */
let shown = null;
/** Pages are built one after the other; of those asked for meanwhile only the last. */
let building = Promise.resolve();
let asked = 0;

/** @param {Partial<import("./share.js").Spot>} spot */
function show(spot) {
  const turn = (asked += 1);
  building = building.then(() => (turn === asked ? build(spot) : undefined));
  return building;
}

/** @param {Partial<import("./share.js").Spot>} spot */
async function build(spot) {
  shown?.close();
  shown = null;
  delete page.dataset.ready;
  setLanguage(spot.lang ?? preferred());
  const relabel = (/** @type {string} */ lang) => show({ ...(shown?.where?.() ?? spot), lang });
  try {
    if (!own && !spot.job) {
      showSpot({ lang: spot.lang });
      document.title = "Pliant";
      shown = { ...showStart(page, { open: (id) => show({ job: id, lang: spot.lang, play: true }), relabel }), where: () => ({ lang: document.documentElement.lang }) };
    } else {
      page.replaceChildren(h("p", { class: "loading", role: "status" }, `${t("loading")} …`));
      const result = own ?? (await load(/** @type {string} */ (spot.job)));
      const other = !own && spot.with ? await load(spot.with) : null;
      document.title = `${result.title} – Pliant`;
      const back = () => show({ lang: spot.lang });
      shown = other ? await showCompare(page, [result, other], spot, { back: () => show({ job: spot.job, lang: spot.lang }), relabel })
        : await showJob(page, result, spot, { back: own ? null : back, compare: own ? null : () => chooseOther(result.id), relabel });
      showSpot(spot);
    }
  } catch (error) {
    page.replaceChildren(h("main", { class: "start" }, h("p", { class: "wrong", role: "alert" }, `${t("problem")}: ${/** @type {Error} */ (error).message}`),
      own ? null : h("button", { class: "quiet", onclick: () => show({ lang: spot.lang }) }, t("back"))));
  }
  // Tests and measurements wait for this.
  page.dataset.ready = String(Math.round(performance.now()));
}

/** @param {string} id */
async function load(id) {
  const found = known.get(id) ?? (await fetchResult(id));
  known.set(id, found);
  return found;
}

/** Asks for the job to lay beside this one. @param {string} id */
async function chooseOther(id) {
  const all = await list("jobs", "jobs");
  const own = all.find((job) => job.id === id)?.kind;
  const jobs = all.filter((job) => job.state === "done" && job.kind === own && job.id !== id);
  const dialog = h("dialog", { "aria-label": t("compareWith") }, h("h2", {}, t("compareWith")),
    h("ul", { class: "choices" }, jobs.map((job) => h("li", {}, h("button", { "data-job": job.id, onclick: () => { dialog.close(); show({ job: id, with: job.id, lang: document.documentElement.lang }); } }, jobTitle(job))))),
    jobs.length ? null : h("p", { class: "empty" }, t("noJobs")), h("button", { class: "quiet", onclick: () => dialog.close() }, t("close")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

keyWanted.follow((wanted) => {
  if (!wanted) return;
  const field = h("input", { type: "password", id: "api-key", autocomplete: "off", required: true });
  const dialog = h("dialog", { "aria-label": t("keyLabel") }, h("form", { method: "dialog", onsubmit: () => giveKey(field.value) },
    h("p", {}, t("key")), h("label", { for: "api-key" }, t("keyLabel")), field, h("button", { class: "main" }, t("use"))));
  dialog.addEventListener("cancel", (/** @type {Event} */ event) => event.preventDefault());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
});

window.addEventListener("hashchange", () => show(readSpot()));
/** For consoles and tests: where a node is at a moment, in the cell's frame; docs/page.md. */
Object.assign(window, {
  pliant: {
    pose: (/** @type {string} */ name, /** @type {number} */ time) => shown?.viewer?.pose(name, time) ?? null,
    nodes: () => [...(shown?.viewer?.stage.poses.nodes.keys() ?? [])],
    clock: () => shown?.clock ?? null,
    viewer: () => shown?.viewer ?? null,
    offline: async () => offlineHtml(own ?? (await load(/** @type {string} */ (readSpot().job)))),
  },
});
embedded().then((result) => {
  own = result;
  return show(readSpot());
});
