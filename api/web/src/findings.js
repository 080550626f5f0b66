// Findings: a click seeks to their moment and lights up the bodies they speak of.
import { h } from "./dom.js";
import { spokenOf } from "./highlight.js";
import { figure, planWords, t } from "./strings.js";
import { nearest, stepsOf } from "./timing.js";

const ORDER = { error: 0, warning: 1, info: 2 };

/** @param {import("./types.js").Result} result @param {Iterable<string>} names of the recording's nodes @param {(time: number, bodies: string[]) => void} seek */
export function findingsPanel(result, names, seek) {
  /** @type {import("./types.js").Finding[]} */
  const findings = [...(result.summary.findings ?? [])].sort((a, b) => ORDER[/** @type {"info"} */ (a.level)] - ORDER[/** @type {"info"} */ (b.level)]);
  const known = [...names];
  const items = findings.map((finding) => {
    const moment = momentOf(result, finding);
    return row(finding.level, `${finding.step ? `${planWords(finding.step)}: ` : ""}${finding.message}`, finding.remedy, finding.code,
      moment === null ? null : () => seek(moment, bodiesOf(result, finding, known)));
  });
  const worst = nearest(result);
  if (worst) {
    const words = `${t("nearest")}: ${figure(worst.distance)} mm ${t("between")} ${worst.bodies.join(` ${t("and")} `)}`;
    items.push(row("info", `${planWords(worst.step)}: ${words}`, "", "nearest", () => seek(worst.time, worst.bodies)));
  }
  return h("ul", { class: "findings" }, items.length ? items : h("li", { class: "empty" }, t("noFindings")));
}

/** @param {string} level @param {string} words @param {string} remedy @param {string} code @param {(() => void)|null} go */
function row(level, words, remedy, code, go) {
  const content = [h("span", { class: `level ${level}` }, t(level)), h("span", {}, words), remedy ? h("small", {}, remedy) : null];
  return h("li", { "data-code": code }, go ? h("button", { onclick: go }, content) : h("div", {}, content));
}

/** @param {import("./types.js").Result} result @param {import("./types.js").Finding} finding @returns {number|null} */
function momentOf(result, finding) {
  const given = finding.data?.time_s;
  if (typeof given === "number") return given;
  return (result.plan ? stepsOf(result.plan) : []).find((step) => step.name === finding.step)?.start ?? null;
}

/** @param {import("./types.js").Result} result @param {import("./types.js").Finding} finding @param {string[]} names */
function bodiesOf(result, finding, names) {
  const given = finding.data?.bodies ?? finding.data?.between;
  if (Array.isArray(given)) return given.map(String);
  const spoken = spokenOf(names, finding.message);
  if (spoken.length === 2) return spoken;
  const close = result.plan?.phases.filter((phase) => phase.step === finding.step && phase.clearance_mm !== null) ?? [];
  const least = close.sort((a, b) => /** @type {number} */ (a.clearance_mm) - /** @type {number} */ (b.clearance_mm))[0];
  return spoken.length ? spoken : least?.closest ?? [];
}
