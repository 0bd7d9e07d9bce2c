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
import { bundle } from "./bundle.mjs";
import { licencesOf } from "./licences.mjs";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
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
/** Those are in the bundle, compiled. */
const isNoTemplate = (name) => !name.endsWith(".hbs");

const out = path.resolve(process.argv[2] ?? path.join(ROOT, "build"));
const folder = path.join(out, "package");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const inputs = await bundle(path.join(folder, "build/bundle"));
for (const name of COPIED)
  cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true, filter: isNoTemplate });
writeFileSync(path.join(folder, "THIRD-PARTY.md"), licencesOf(ROOT, inputs));
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
