// The robot program: the running line lit, a click on a line seeks to it, other languages on request, each file to save.
import { h, save } from "./dom.js";
import { t } from "./strings.js";
import { ROBOT_LANGUAGES } from "./results.js";

/**
 * @param {import("./types.js").Result} result @param {import("./clock.js").Clock} clock @param {(time: number) => void} seek
 * @returns {{element: HTMLElement, close: () => void}}
 */
export function programPanel(result, clock, seek) {
  if (!result.own || !result.programs[result.own]) return { element: h("p", { class: "empty" }, t("noProgram")), close: () => {} };
  let language = result.own;
  let file = 0;
  /** @type {HTMLElement[]} */
  let rows = [];
  /** @type {HTMLElement|null} */
  let lit = null;
  const known = result.fetchProgram ? Object.keys(ROBOT_LANGUAGES) : Object.keys(result.programs);
  const languages = h("select", { "aria-label": t("language"), "data-part": "language", onchange: () => choose(languages.value) },
    known.map((name) => h("option", { value: name, selected: name === language }, ROBOT_LANGUAGES[/** @type {"krl"} */ (name)] ?? name)));
  const files = h("select", { "aria-label": t("file"), "data-part": "file", onchange: () => { file = files.selectedIndex; write(); } });
  const download = h("button", { class: "small", onclick: () => { const one = result.programs[language][file]; save(one.name, new Blob([one.text])); } }, t("download"));
  const text = h("ol", { class: "text", tabindex: 0, "aria-label": t("program") });
  const note = h("p", { class: "note", role: "status" });
  const element = h("div", { class: "program" }, h("div", { class: "bar" }, languages, files, download), note, text);

  /** @param {string} name */
  async function choose(name) {
    try {
      if (!result.programs[name]) {
        note.textContent = `${t("loading")} …`;
        result.programs[name] = await /** @type {any} */ (result.fetchProgram)(name);
      }
      [language, file] = [name, 0];
      write();
    } catch (error) {
      note.textContent = `${t("problem")}: ${/** @type {Error} */ (error).message}`;
      languages.value = language;
    }
  }

  function write() {
    const all = result.programs[language];
    files.replaceChildren(...all.map((one) => h("option", {}, one.name)));
    files.selectedIndex = file;
    note.textContent = result.times[language] ? "" : t("noTimes");
    const starts = startsOf(result.times[language], all[file].name);
    lit = null;
    rows = all[file].text.split(/\r\n|\r|\n/).map((words, index) => {
      const start = starts.get(index + 1);
      return h("li", { "data-line": index + 1, class: start === undefined ? null : "timed", tabindex: start === undefined ? null : -1 }, words || " ");
    });
    text.replaceChildren(...rows);
    follow(clock.time.value);
  }

  text.addEventListener("click", (/** @type {MouseEvent} */ event) => {
    const row = /** @type {Element} */ (event.target).closest("li");
    const start = row && startsOf(result.times[language], result.programs[language][file].name).get(Number(row.getAttribute("data-line")));
    if (start !== undefined && start !== null) seek(start + 1e-3);
  });
  text.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const times = result.times[language];
    if (!times) return;
    event.preventDefault();
    event.stopPropagation();
    const now = times.lines.findIndex((line) => clock.time.value < line[1]);
    const next = times.lines[Math.min(Math.max(now + (event.key === "ArrowDown" ? 1 : -1), 0), times.lines.length - 1)];
    seek(next[0] + 1e-3);
  });

  /** @param {number} time */
  function follow(time) {
    const times = result.times[language];
    const row = times?.lines.find((line) => time < line[1]) ?? times?.lines[times.lines.length - 1];
    const name = row ? times.files[row[2]] : "";
    const target = row && result.programs[language][file].name === name ? rows[row[3] - 1] : null;
    if (target === lit) return;
    lit?.classList.remove("running");
    lit?.removeAttribute("aria-current");
    lit = target ?? null;
    if (!lit) return;
    lit.classList.add("running");
    lit.setAttribute("aria-current", "true");
    reveal();
  }

  function reveal() {
    if (!lit) return;
    const [top, height] = [lit.offsetTop, text.clientHeight];
    if (height && (top < text.scrollTop + 40 || top > text.scrollTop + height - 60)) text.scrollTop = top - height / 3;
  }

  write();
  const stop = clock.time.follow(follow);
  const observer = new ResizeObserver(reveal);
  observer.observe(text);
  return { element, close: () => { observer.disconnect(); stop(); } };
}

/** First moment of every line of a file. @param {import("./types.js").ProgramTimes|undefined} times @param {string} name @returns {Map<number, number>} */
function startsOf(times, name) {
  const out = new Map();
  for (const [start, , file, line] of times?.lines ?? []) if (times?.files[file] === name && !out.has(line)) out.set(line, start);
  return out;
}
