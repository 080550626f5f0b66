// Bundles the page into dist/: page.js, page.css, index.html, and the example drawings beside them.
import { build } from "esbuild";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, "examples"), { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: { page: "src/main.js" },
  outdir: dist,
  bundle: true,
  minify: true,
  // The offline file holds the script in the document itself, where modules from file:// are refused by some browsers.
  format: "iife",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "inline",
  logLevel: "warning",
});
await build({ absWorkingDir: here, entryPoints: { page: "src/page.css" }, outdir: dist, bundle: true, minify: true, logLevel: "warning" });
writeFileSync(join(dist, "index.html"), readFileSync(join(here, "src", "index.html")));
// The same list is planned by the server at its first start.
const examples = JSON.parse(readFileSync(join(here, "examples.json"), "utf8"));
for (const name of examples.flatMap((one) => one.files)) cpSync(join(here, "..", "..", "examples", name), join(dist, "examples", basename(name)));
writeFileSync(join(dist, "examples", "examples.json"), JSON.stringify(examples.map((one) => ({ ...one, files: one.files.map((name) => basename(name)) }))));
