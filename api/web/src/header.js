// The bar on top: whose cell it is, the part, whether it is verified, and what can be done with the job.
import { h } from "./dom.js";
import { LANGUAGES, language, t } from "./strings.js";

/**
 * @param {{title?: string, logo?: string|null, part?: string, verified?: boolean|null, back?: (() => void)|null, actions?: any[], relabel: (code: string) => void}} what
 */
export function header(what) {
  const { title = "Pliant", logo = null, part = "", verified = null, back = null, actions = [], relabel } = what;
  const languages = h("select", { "aria-label": t("menu"), "data-part": "interface", onchange: () => relabel(languages.value) },
    LANGUAGES.map((code) => h("option", { value: code, selected: code === language() }, code.toUpperCase())));
  return h("header", { class: "top" },
    back ? h("button", { class: "quiet back", onclick: back, "aria-label": t("back"), title: t("back") }, "←") : null,
    logo ? h("img", { class: "logo", src: logo, alt: "" }) : h("span", { class: "mark", "aria-hidden": "true" }),
    h("div", { class: "names" }, h("span", { class: "cell-title" }, title), part ? h("h1", {}, part) : null),
    verified === null ? null : h("span", { class: `badge ${verified ? "good" : "bad"}`, title: verified ? t("verifiedWhy") : null }, verified ? "✓ " : "✕ ", t(verified ? "verified" : "refused")),
    h("div", { class: "actions" }, actions, languages));
}

/** Two words that pass: link copied, something went wrong. @param {string} words */
export function toast(words) {
  const shown = h("div", { class: "toast", role: "status" }, words);
  document.body.append(shown);
  setTimeout(() => shown.remove(), 4000);
}
