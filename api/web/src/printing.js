// What goes on paper: the picture as it stands, figures, bends, findings.
import { bendsPanel, figureRow } from "./bends.js";
import { h } from "./dom.js";
import { findingsPanel } from "./findings.js";
import { t } from "./strings.js";
import { clockText } from "./timing.js";

/** @param {import("./types.js").Result} result @param {() => import("./viewer.js").Viewer|null} viewer @returns {() => void} stops */
export function printable(result, viewer) {
  const sheet = h("section", { class: "paper", "aria-hidden": "true" });
  document.body.append(sheet);
  const before = () => {
    const shown = viewer();
    sheet.replaceChildren(
      h("header", {}, h("strong", {}, result.timeline?.cell.title ?? result.plan?.cell ?? ""), h("span", {}, t(result.summary.verified ? "verified" : "refused"))),
      h("h1", {}, result.title), figureRow(result),
      shown ? h("figure", {}, h("img", { src: shown.picture(), alt: "" }), h("figcaption", {}, clockText(shown.clock.time.value))) : "",
      h("h2", {}, t("bends")), bendsPanel(result, () => {}), h("h2", {}, t("findings")), findingsPanel(result, shown?.stage.poses.nodes.keys() ?? [], () => {}));
  };
  const after = () => sheet.replaceChildren();
  window.addEventListener("beforeprint", before);
  window.addEventListener("afterprint", after);
  return () => {
    window.removeEventListener("beforeprint", before);
    window.removeEventListener("afterprint", after);
    sheet.remove();
  };
}
