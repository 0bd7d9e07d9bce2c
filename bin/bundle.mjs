import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** src/base/own-files.ts names those besides the first. */
const ENTRIES = [
  "cli/start",
  "gate/main",
  "proxy/process/worker-main",
  "workers/keeper-main",
  "workers/listen-main",
];
/** Packages of the CommonJS kind ask for what Node has by require. */
const BANNER = `import{createRequire as fenceRequire}from"node:module";const require=fenceRequire(import.meta.url);`;

/**
 * Writes what is compiled, with the packages that it needs, as files that are found at once: looking for each module and
 * package takes a good part of the time of a command. The same sources give the same bytes.
 * @param {string} outdir
 * @returns {Promise<string[]>} the files that went into it, relative to the project's folder
 */
export async function bundle(outdir) {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES.map((name) => `build/src/${name}.js`),
    outbase: "build/src",
    outdir,
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
  return Object.keys(metafile.inputs);
}
