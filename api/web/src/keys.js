// Keys: space plays, arrows step, Home and End, 1 to 5 choose the view, + and - the speed.
import { PRESETS } from "./cameras.js";
import { takesText } from "./dom.js";

/** @param {import("./clock.js").Clock} clock @param {() => import("./viewer.js").Viewer[]} viewers @returns {() => void} stops listening */
export function listen(clock, viewers) {
  const act = (/** @type {KeyboardEvent} */ event) => {
    const target = /** @type {HTMLElement|null} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || takesText(target) && !(target instanceof HTMLInputElement && target.type === "range" && event.key === " ")) return;
    // A focused button answers the space bar itself.
    if (event.key === " " && target?.closest("button, [role=button], a")) return;
    const step = event.shiftKey ? 1 : 0.1;
    const view = Number(event.key) - 1;
    if (event.key === " ") clock.toggle();
    else if (event.key === "ArrowRight") clock.seek(clock.time.value + step);
    else if (event.key === "ArrowLeft") clock.seek(clock.time.value - step);
    else if (event.key === "Home") clock.seek(0);
    else if (event.key === "End") clock.seek(clock.duration);
    else if (event.key === "+") clock.faster(1);
    else if (event.key === "-") clock.faster(-1);
    else if (PRESETS[view]) viewers().forEach((viewer) => viewer.cameras.choose(view));
    else return;
    event.preventDefault();
  };
  document.addEventListener("keydown", act);
  return () => document.removeEventListener("keydown", act);
}
