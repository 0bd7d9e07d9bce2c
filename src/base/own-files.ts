import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(import.meta.url);

/** fence's own folder, the one with its package.json; where a module lies in it depends on how it was built. */
const HOME = homeOf(path.dirname(HERE));

/** `build/src` when each module is a file of its own, `build/bundle` in a package. */
const BUILT = path.join(HOME, ...path.relative(HOME, HERE).split(path.sep).slice(0, 2));

function homeOf(folder: string): string {
  return existsSync(path.join(folder, "package.json")) ? folder : homeOf(path.dirname(folder));
}

/** @returns the path of a file that comes with fence, such as "templates/page/" */
export function ownFile(name: string): string {
  return path.join(HOME, name);
}

/** Programs that fence starts by themselves; bin/package.mjs makes each an entry of the bundle. */
export type OwnProgram =
  "gate/main.js" | "proxy/process/worker-main.js" | "workers/keeper-main.js" | "workers/listen-main.js";

/** @returns the path of a program that fence starts by itself */
export function ownProgram(name: OwnProgram): string {
  return path.join(BUILT, name);
}
