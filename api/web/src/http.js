// The server: requests with the key where one is asked for, problems as errors, progress as it comes.
import { Signal } from "./signal.js";

/** Set when the server answers 401; who has the key calls `giveKey`. */
export const keyWanted = new Signal(false);
/** @type {string|null} */
let key = null;
/** @type {(() => void)[]} */
let waiting = [];

/** @param {string} given */
export function giveKey(given) {
  key = given;
  keyWanted.set(false);
  waiting.splice(0).forEach((go) => go());
}

export class Problem extends Error {}

/** @param {string} path @param {RequestInit} [options] @returns {Promise<Response>} */
export async function request(path, options = {}) {
  const headers = new Headers(options.headers);
  if (key) headers.set("X-API-Key", key);
  const answer = await fetch(path, { ...options, headers });
  if (answer.status === 401) {
    const again = new Promise((go) => waiting.push(/** @type {any} */ (go)));
    keyWanted.set(true);
    await again;
    return request(path, options);
  }
  if (!answer.ok) {
    const body = await answer.json().catch(() => null);
    const wrong = body?.errors?.map((/** @type {any} */ one) => [one.place, one.message].filter(Boolean).join(": ")).join("; ");
    throw new Problem(body?.detail ?? wrong ?? body?.title ?? `${answer.status} ${answer.statusText}`);
  }
  return answer;
}

/** Opens a file of the server in a tab of its own; with a key, which a plain link cannot send, it is fetched first. @param {MouseEvent} event @param {string} url */
export async function openFile(event, url) {
  if (!key) return;
  event.preventDefault();
  const blob = URL.createObjectURL(await (await request(url)).blob());
  window.open(blob, "_blank", "noopener");
  setTimeout(() => URL.revokeObjectURL(blob), 60_000);
}

/** @param {string} path @returns {Promise<any>} */
export async function json(path) {
  return (await request(path)).json();
}

/** A list, bare or as a page with `items`. @param {string} path @param {string} name @returns {Promise<any[]>} */
export async function list(path, name) {
  const body = await json(path);
  return Array.isArray(body) ? body : body[name] ?? body.items ?? [];
}

/**
 * Server-sent events until the stream ends or `signal` stops it. `EventSource` cannot send the key, so the stream is read by hand.
 * @param {string} path @param {(event: string, data: any) => void} take @param {AbortSignal} signal
 */
export async function events(path, take, signal) {
  const answer = await request(path, { headers: { Accept: "text/event-stream" }, signal });
  const reader = /** @type {any} */ (answer.body).pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value.replaceAll("\r", "")).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n");
      const event = lines.find((line) => line.startsWith("event:"))?.slice(6).trim() ?? "message";
      const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
      if (data) take(event, JSON.parse(data));
    }
  }
}
