// A job's result, from the server or from the offline file, in one shape (types.js: Result).
import { json, request } from "./http.js";
import { unzip } from "./zip.js";

export const ROBOT_LANGUAGES = { rapid: "RAPID (ABB)", krl: "KRL (KUKA)", fanuc: "TP (FANUC)", inform: "INFORM (Yaskawa)", urscript: "URScript (Universal Robots)" };
const latin = new TextDecoder("windows-1252");

/** @param {Uint8Array|ArrayBuffer} bytes; controllers take one byte per character unless the text is UTF-8 */
function textOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return latin.decode(bytes);
  }
}

/** @param {string} id @returns {Promise<import("./types.js").Result>} */
export async function fetchResult(id) {
  const at = `jobs/${encodeURIComponent(id)}`;
  const job = await json(at);
  return { ...(await readFiles(job, at)), id };
}

/** @param {any} job @param {string} at */
async function readFiles(job, at) {
  const names = /** @type {string[]} */ ((job.files ?? []).map((/** @type {any} */ file) => file.name ?? file));
  const url = (/** @type {string} */ name) => `${at}/files/${name.split("/").map(encodeURIComponent).join("/")}`;
  const has = (/** @type {string} */ name) => names.includes(name);
  const robot = names.filter((name) => name.startsWith("robot/"));
  const [summary, plan, timeline, recording, texts] = await Promise.all([
    job.summary ?? (has("summary.json") ? json(url("summary.json")) : {}),
    has("plan.json") ? json(url("plan.json")) : null,
    has("timeline.json") ? json(url("timeline.json")) : null,
    has("recording.glb") ? request(url("recording.glb")).then((answer) => answer.arrayBuffer()) : null,
    Promise.all(robot.map(async (name) => ({ name: name.slice(6), text: textOf(await (await request(url(name))).arrayBuffer()) }))),
  ]);
  const own = summary.program?.language ?? timeline?.program?.language ?? null;
  return {
    title: job.title ?? summary.part ?? summary.weldment ?? "", summary: { findings: job.findings ?? [], verified: job.verified, ...summary }, plan, timeline, recording,
    programs: own && texts.length ? { [own]: order(texts, timeline) } : {}, times: timeline?.program ? { [timeline.program.language]: timeline.program } : {}, own,
    fetchProgram: plan ? (/** @type {string} */ language) => fetchProgram(at, language) : null,
    links: ["setup.html", "plan.json", "recording.glb", "brake.json", "brake.txt"].filter(has).map((name) => ({ name, url: url(name) })),
  };
}

/** Files that move come first. @param {import("./types.js").TextFile[]} files @param {import("./types.js").Timeline|null} timeline */
function order(files, timeline) {
  const first = timeline?.program?.files ?? [];
  return [...files].sort((a, b) => Number(first.includes(b.name)) - Number(first.includes(a.name)));
}

/** @param {string} at @param {string} language @returns {Promise<import("./types.js").TextFile[]>} */
async function fetchProgram(at, language) {
  let answer = await request(`${at}/programs/${encodeURIComponent(language)}`);
  // A language that nobody asked for yet is written, read back and run first.
  for (let tries = 0; answer.status === 202 && tries < 600; tries += 1) {
    await new Promise((go_on) => setTimeout(go_on, 1000 * Number(answer.headers.get("retry-after") ?? 1)));
    answer = await request(`${at}/programs/${encodeURIComponent(language)}`);
  }
  const kind = answer.headers.get("content-type") ?? "";
  if (kind.includes("zip")) return (await unzip(await answer.arrayBuffer())).map(({ name, data }) => ({ name, text: textOf(data) }));
  const name = /filename="?([^";]+)/.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? `program.${language}`;
  return [{ name, text: textOf(await answer.arrayBuffer()) }];
}

/** Title of a job for lists. @param {any} job */
export function jobTitle(job) {
  return job.title || job.summary?.part || job.id;
}
