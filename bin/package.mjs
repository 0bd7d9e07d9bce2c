#!/usr/bin/env node
/**
 * Writes the package that hosts install: fence with all it needs in a few files, so that nothing is fetched, nothing is
 * compiled, and a command starts sooner. The same sources give the same bytes.
 *
 *   node bin/package.mjs [FOLDER]       the sources are compiled; FOLDER, else build, gets package/ and fence-VERSION.tgz
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { licencesOf } from "./licences.mjs";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** src/base/own-files.ts names those besides the first. */
const ENTRIES = [
  "cli/start",
  "gate/main",
  "proxy/process/worker-main",
  "workers/keeper-main",
  "workers/listen-main",
];
const COPIED = [
  "bin/fence.js",
  "bin/listen-pid",
  "templates",
  "schema",
  "docs",
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
];
/** Packages of the CommonJS kind ask for what Node has by require. */
const BANNER = `import{createRequire as fenceRequire}from"node:module";const require=fenceRequire(import.meta.url);`;

const out = path.resolve(process.argv[2] ?? path.join(ROOT, "build"));
const folder = path.join(out, "package");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: ENTRIES.map((name) => `build/src/${name}.js`),
  outbase: "build/src",
  outdir: path.join(folder, "build/bundle"),
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  banner: { js: BANNER },
  // Ink looks for it when DEV is set.
  external: ["react-devtools-core"],
  // What a package is linked to is no part of the bytes.
  preserveSymlinks: true,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

for (const name of COPIED) cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
writeFileSync(path.join(folder, "THIRD-PARTY.md"), licencesOf(ROOT, Object.keys(metafile.inputs)));
const { name, version, description, license, type, engines, bin } = JSON.parse(
  readFileSync(path.join(ROOT, "package.json"), "utf8"),
);
const manifest = { name, version, description, license, type, engines, bin };
writeFileSync(path.join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);

const packed = spawnSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", out], {
  cwd: folder,
  encoding: "utf8",
});
if (packed.status !== 0) {
  process.stderr.write(`package: npm pack failed\n${packed.stderr}`);
  process.exit(1);
}
process.stdout.write(`${path.join(out, packed.stdout.trim())}\n`);
