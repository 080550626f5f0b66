// Figures along the time that several parts of the page need.

/** @param {{times_s: number[]}} phase */
export const startOf = (phase) => phase.times_s[0];
/** @param {{times_s: number[]}} phase */
export const endOf = (phase) => phase.times_s[phase.times_s.length - 1];

/** @param {import("./types.js").Plan} plan */
export function durationOf(plan) {
  return plan.phases.length ? endOf(plan.phases[plan.phases.length - 1]) : 0;
}

/** Steps in order with their times. @param {import("./types.js").Plan} plan @returns {{name: string, start: number, end: number}[]} */
export function stepsOf(plan) {
  /** @type {Map<string, {name: string, start: number, end: number}>} */
  const steps = new Map();
  for (const phase of plan.phases) {
    const known = steps.get(phase.step);
    if (known) known.end = endOf(phase);
    else steps.set(phase.step, { name: phase.step, start: startOf(phase), end: endOf(phase) });
  }
  return [...steps.values()];
}

/** @typedef {Pick<import("./types.js").Phase, "name"|"step"|"times_s">} Spell */

/** The phase at a moment. @param {Spell[]} phases @param {number} time @returns {Spell|null} */
export function phaseAt(phases, time) {
  return phases.find((phase) => time < endOf(phase)) ?? phases[phases.length - 1] ?? null;
}

/** Phases as the recording itself names them. @param {any} extras @returns {Spell[]} */
export function recordedPhases(extras) {
  return (extras?.phases ?? []).map((/** @type {any} */ one) => ({ name: one.name, step: one.step, times_s: [one.start_s, one.end_s] }));
}

/** Stretches in which any of the columns changes. @param {number[]} times @param {number[][]} rows @param {number[]} columns @returns {[number, number][]} */
export function moving(times, rows, columns) {
  /** @type {[number, number][]} */
  const spans = [];
  for (let k = 0; k + 1 < times.length; k += 1) {
    if (!columns.some((column) => Math.abs(rows[k + 1][column] - rows[k][column]) > 1e-7)) continue;
    const last = spans[spans.length - 1];
    if (last && Math.abs(last[1] - times[k]) < 1e-9) last[1] = times[k + 1];
    else spans.push([times[k], times[k + 1]]);
  }
  return spans;
}

/** Where free moves come nearest to anything. @param {import("./types.js").Result} result */
export function nearest(result) {
  const phases = result.plan?.phases ?? [];
  /** @type {{distance: number, bodies: string[], time: number, step: string}|null} */
  let best = null;
  for (const [index, phase] of phases.entries()) {
    if (phase.kind !== "free" || phase.clearance_mm === null || (best && best.distance <= phase.clearance_mm)) continue;
    best = { distance: phase.clearance_mm, bodies: phase.closest ?? [], time: momentOf(result, index), step: phase.step };
  }
  return best;
}

/** When a phase's least distance is. @param {import("./types.js").Result} result @param {number} index of the phase */
export function momentOf(result, index) {
  const course = result.timeline?.clearance[index];
  if (!course?.times_s.length) return startOf(/** @type {any} */ (result.plan).phases[index]);
  return course.times_s[course.distance_mm.indexOf(Math.min(...course.distance_mm))];
}

/** `1:05.2` @param {number} time [s] */
export function clockText(time) {
  const minutes = Math.floor(time / 60);
  return `${minutes}:${(time - minutes * 60).toFixed(1).padStart(4, "0")}`;
}
