#!/usr/bin/env node
/**
 * Writes fence as one executable, for hosts without Node: the Node that runs this, with all of fence inside (a single
 * executable application, as Node calls it). The same sources and the same Node give the same bytes.
 *
 *   node bin/single.mjs [FILE]          the sources are compiled; FILE, else build/fence; beside it FILE.THIRD-PARTY.md
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { withNote } from "./elf-note.mjs";
import { licencesOf } from "./licences.mjs";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** Node looks for what it is to run where this says 1, in the note of this name. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:";
const NOTE = "NODE_SEA_BLOB";
/** Those are inside as code. */
const isNoTemplate = (name) => !name.endsWith(".hbs");
/** All that src/base/own-files.ts is asked for. */
const ASSETS = ["package.json", "bin/listen-pid", ...filesBelow("templates").filter(isNoTemplate)];

/**
 * Node takes CommonJS, which cannot wait while it is loaded, as Ink and Yoga do: file, what it says, what it says
 * instead. Yoga is made when the screens are, and they wait for it.
 */
const INSTEAD = [
  ["yoga-layout/dist/src/index.js", "const Yoga = wrapAssembly(await loadYoga());", yoga()],
  ["ink/build/reconciler.js", "await import('./devtools.js');", ""],
  ["ink/build/reconciler.js", "? await loadPackageJson()", "? loadPackageJson()"],
  [
    "build/src/cli/tui.js",
    'return await import("../tui/tui.js");',
    'const screens = await import("../tui/tui.js"); await (await import("yoga-layout")).ready; return screens;',
  ],
];

const file = path.resolve(process.argv[2] ?? path.join(ROOT, "build/fence"));
const folder = mkdtempSync(path.join(tmpdir(), "fence-single-"));
try {
  const { metafile } = await bundle(path.join(folder, "fence.cjs"));
  writeFileSync(`${file}.new`, executable(blobOf("fence.cjs")), { mode: 0o755 });
  renameSync(`${file}.new`, file);
  const node = `## Node.js ${process.version}\n\nhttps://github.com/nodejs/node/blob/${process.version}/LICENSE\n`;
  const licences = `${licencesOf(ROOT, Object.keys(metafile.inputs))}\n${node}`;
  writeFileSync(`${file}.THIRD-PARTY.md`, licences);
} finally {
  rmSync(folder, { recursive: true, force: true });
  rmSync(`${file}.new`, { force: true });
}
process.stdout.write(`${file}\n`);

function bundle(outfile) {
  return build({
    absWorkingDir: ROOT,
    entryPoints: ["build/src/cli/single.js"],
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20.19",
    // What is not inside comes by require.
    supported: { "dynamic-import": false },
    // Nothing is beside it.
    define: { "import.meta.url": '""' },
    external: ["react-devtools-core"],
    preserveSymlinks: true,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    plugins: [{ name: "instead", setup: (esbuild) => esbuild.onLoad({ filter: /\.js$/ }, instead) }],
  });
}

/** esbuild's onLoad; undefined: the file as it is. */
function instead({ path: name }) {
  if (/\/(react|react-reconciler|scheduler)\/cjs\/.*\.development\.js$/.test(name)) return { contents: "" };
  const wanted = INSTEAD.filter(([end]) => name.endsWith(`/${end}`));
  if (wanted.length === 0) return undefined;
  let contents = readFileSync(name, "utf8");
  for (const [, from, to] of wanted) {
    if (contents.split(from).length !== 2) throw new Error(`${name} does not say once: ${from}`);
    contents = contents.replace(from, () => to);
  }
  return { contents };
}

function yoga() {
  return [
    "let made;",
    "export const ready = loadYoga().then((module) => { made = wrapAssembly(module); });",
    "const Yoga = new Proxy({}, { get: (_, name) => made[name] });",
  ].join("\n");
}

/** What Node reads at its start: the program, and the files that it asks for. */
function blobOf(main) {
  const assets = Object.fromEntries(ASSETS.map((name) => [name, path.join(ROOT, name)]));
  const config = { main, output: "blob", disableExperimentalSEAWarning: true, assets };
  writeFileSync(path.join(folder, "sea.json"), JSON.stringify(config));
  // The name of the main file becomes a part of it, and is to be the same in every folder.
  const options = { cwd: folder, encoding: "utf8" };
  const made = spawnSync(process.execPath, ["--experimental-sea-config", "sea.json"], options);
  if (made.status !== 0) throw new Error(`node --experimental-sea-config failed\n${made.stderr}`);
  return readFileSync(path.join(folder, "blob"));
}

function executable(blob) {
  const node = readFileSync(process.execPath);
  const at = node.indexOf(`${FUSE}0`);
  if (at === -1 || node.indexOf(FUSE, at + 1) !== -1)
    throw new Error(
      `${process.execPath} cannot be made a single executable: it has no place for what to run`,
    );
  node.write("1", at + FUSE.length);
  return withNote(node, NOTE, blob);
}

function filesBelow(name) {
  return readdirSync(path.join(ROOT, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    .sort();
}
