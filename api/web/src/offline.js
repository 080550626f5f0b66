// The whole job as one HTML file that needs no server and no network; and reading it again.
import { save } from "./dom.js";
import { through } from "./zip.js";

const DATA = "pliant-data";

/** @param {import("./types.js").Result} result */
export async function saveOffline(result) {
  const name = `${(result.title || "pliant").replace(/[^\w.-]+/g, "_")}.html`;
  save(name, new Blob([await offlineHtml(result)], { type: "text/html" }));
}

/** @param {import("./types.js").Result} result @returns {Promise<string>} */
export async function offlineHtml(result) {
  const [script, style] = await Promise.all([part("pliant-script", "page.js"), part("pliant-style", "page.css")]);
  const { recording, fetchProgram: _, links: __, ...rest } = result;
  const data = await pack({ ...rest, recording: null }, recording ?? new ArrayBuffer(0));
  const title = result.title.replace(/[<&>]/g, " ");
  return [
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">',
    // Nothing is fetched from anywhere, whatever the data says.
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:\">",
    `<link rel="icon" href="data:,">\n<title>${title}</title>\n<style id="pliant-style">${style.replace(/<\/style/gi, "<\\/style")}</style>\n</head>\n<body>\n<div id="page"></div>`,
    `<script type="text/plain" id="${DATA}">${data}</script>`,
    `<script id="pliant-script">${script.replace(/<\/script/gi, "<\\/script").replace(/<!--/g, "<\\!--")}</script>\n</body>\n</html>\n`,
  ].join("\n");
}

/** @returns {Promise<import("./types.js").Result|null>} of an offline file; null on a server's page */
export async function embedded() {
  const text = document.getElementById(DATA)?.textContent;
  if (!text) return null;
  const raw = await through(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)), new DecompressionStream("gzip"));
  const length = new DataView(raw.buffer).getUint32(0, true);
  const result = JSON.parse(new TextDecoder().decode(raw.subarray(4, 4 + length)));
  const recording = raw.slice(4 + length).buffer;
  return { ...result, recording: recording.byteLength ? recording : null, fetchProgram: null, links: [] };
}

/** Length, JSON, recording; packed, as text. @param {object} head @param {ArrayBuffer} recording */
async function pack(head, recording) {
  const json = new TextEncoder().encode(JSON.stringify(head));
  const all = new Uint8Array(4 + json.length + recording.byteLength);
  new DataView(all.buffer).setUint32(0, json.length, true);
  all.set(json, 4);
  all.set(new Uint8Array(recording), 4 + json.length);
  const packed = await through(all, new CompressionStream("gzip"));
  return new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).split(",")[1]);
    reader.onerror = () => fail(reader.error);
    reader.readAsDataURL(new Blob([/** @type {any} */ (packed)]));
  });
}

/** Script or style of this page: out of the offline file itself, or from the server. @param {string} id @param {string} file */
async function part(id, file) {
  const inside = document.getElementById(id)?.textContent;
  return inside || (await fetch(file)).text();
}
