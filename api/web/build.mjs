// Bundles the page into dist/: page.js, page.css, index.html, and the example drawings beside them.
import { build } from "esbuild";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
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
for (const name of ["tray.dxf", "bracket.dxf"]) cpSync(join(here, "..", "..", "examples", "parts", name), join(dist, "examples", name));
