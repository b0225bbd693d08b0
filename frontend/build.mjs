// Bundles the islands and styles into the portal's static folder, each with a compressed twin; run by the build hook.
import * as esbuild from "esbuild";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const out = "src/groundplan/portal/static/dist";
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const islands = readdirSync("frontend/islands").filter((name) => name.endsWith(".ts"));
await esbuild.build({
  entryPoints: [...islands.map((name) => join("frontend/islands", name)), "frontend/styles/portal.css", "frontend/styles/maplibre.css"],
  outdir: out,
  entryNames: "[name]",
  chunkNames: "chunk-[name]-[hash]",
  bundle: true,
  format: "esm",
  splitting: true,
  minify: true,
  target: "es2022",
  loader: { ".svg": "dataurl" },
  logLevel: "warning",
});
// The page for field work lives without network: each of its two scripts is one file, so that the list of what it keeps is fixed.
await esbuild.build({
  entryPoints: { field: "frontend/field/main.ts", "field-worker": "frontend/field/worker.ts" },
  outdir: out,
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  logLevel: "warning",
});
copyFileSync("node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs", join(out, "maplibre-gl-worker.mjs"));
for (const name of readdirSync(out)) {
  const path = join(out, name);
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
}
