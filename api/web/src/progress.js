// How far a job is as a whole: the server says the stage and how much of the stage is done.

/** Stages in order with their usual share of the time, measured on the tray of the examples. @type {[string, number][]} */
const STAGES = [["queued", 0], ["start", 1], ["read", 7], ["sequence", 15], ["grips", 12], ["scene", 3], ["motion", 6], ["replay", 12], ["torques", 3], ["export", 10], ["run", 16], ["show", 15], ["done", 0]];
const ALL = STAGES.reduce((sum, [, share]) => sum + share, 0);

/** @param {{stage?: string, done?: number}|undefined} progress @param {number} before what was shown; it never goes back @returns {number} 0 to 1 */
export function overall(progress, before) {
  const index = STAGES.findIndex(([name]) => name === progress?.stage);
  if (index < 0) return before;
  const passed = STAGES.slice(0, index).reduce((sum, [, share]) => sum + share, 0);
  return Math.max(before, Math.min((passed + STAGES[index][1] * (progress?.done ?? 0)) / ALL, 1));
}
