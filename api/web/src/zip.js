// Files out of a ZIP archive, as the server packs the programs of one language.

/** @param {ArrayBuffer} data @returns {Promise<{name: string, data: Uint8Array}[]>} */
export async function unzip(data) {
  const view = new DataView(data);
  let end = data.byteLength - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0) throw new Error("no ZIP archive");
  const out = [];
  let at = view.getUint32(end + 16, true);
  for (let k = view.getUint16(end + 10, true); k > 0; k -= 1) {
    const [method, size, length, extra, comment] = [view.getUint16(at + 10, true), view.getUint32(at + 20, true), view.getUint16(at + 28, true), view.getUint16(at + 30, true), view.getUint16(at + 32, true)];
    const name = new TextDecoder().decode(new Uint8Array(data, at + 46, length));
    const local = view.getUint32(at + 42, true);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const packed = new Uint8Array(data, start, size);
    out.push({ name, data: method === 0 ? packed : await through(packed, new DecompressionStream("deflate-raw")) });
    at += 46 + length + extra + comment;
  }
  return out;
}

/** @param {Uint8Array} bytes @param {GenericTransformStream} stream @returns {Promise<Uint8Array>} */
export async function through(bytes, stream) {
  const piped = new Blob([/** @type {any} */ (bytes)]).stream().pipeThrough(/** @type {any} */ (stream));
  return new Uint8Array(await new Response(piped).arrayBuffer());
}
