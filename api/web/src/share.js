// Where one is, as the address's hash: job, moment, view, language.

/** @typedef {{job: string|null, with: string|null, t: number|null, view: number[]|null, tab: string|null, lang: string|null, play?: boolean}} Spot */

/** @param {string} [hash] @returns {Spot} */
export function readSpot(hash = location.hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const time = Number.parseFloat(given.get("t") ?? "");
  const view = (given.get("view") ?? "").split(",").map(Number);
  return {
    job: given.get("job"), with: given.get("with"), t: Number.isFinite(time) ? time : null,
    view: view.length === 6 && view.every(Number.isFinite) ? view : null, tab: given.get("tab"), lang: given.get("lang"),
  };
}

/** @param {Partial<Spot>} spot @returns {string} */
export function hashOf(spot) {
  const out = new URLSearchParams();
  for (const key of /** @type {const} */ (["job", "with", "tab", "lang"])) {
    const value = spot[key];
    if (value) out.set(key, value);
  }
  if (spot.t !== null && spot.t !== undefined) out.set("t", spot.t.toFixed(2));
  if (spot.view) out.set("view", spot.view.join(","));
  return `#${out.toString().replaceAll("%2C", ",")}`;
}

/** Puts the spot into the address bar; a new page is a step in the history, so that the browser's own way back works. @param {Partial<Spot>} spot */
export function showSpot(spot) {
  const now = readSpot();
  const same = (now.job ?? null) === (spot.job ?? null) && (now.with ?? null) === (spot.with ?? null);
  history[same ? "replaceState" : "pushState"](null, "", hashOf(spot));
}
