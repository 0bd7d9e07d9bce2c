import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { getAsset, isSea } from "node:sea";
import { fileURLToPath } from "node:url";

/** Where fence lies on the disk; null: this is the single executable, which has all of it inside. */
const HOME = isSea() ? null : homeOf(path.dirname(here()));

/** Of an own program in the single executable, which is told by its first argument what to be. */
const INSIDE = "fence:";

/** Programs that fence starts by themselves; bin/package.mjs makes each an entry of the bundle. */
export const OWN_PROGRAMS = [
  "gate/main.js",
  "proxy/process/worker-main.js",
  "workers/keeper-main.js",
  "workers/listen-main.js",
] as const;
export type OwnProgram = (typeof OWN_PROGRAMS)[number];

function here(): string {
  return fileURLToPath(import.meta.url);
}

/** fence's own folder, the one with its package.json; where a module lies in it depends on how it was built. */
function homeOf(folder: string): string {
  return existsSync(path.join(folder, "package.json")) ? folder : homeOf(path.dirname(folder));
}

/** @returns the text of a file that comes with fence, such as "templates/page/style.css" */
export function ownText(name: string): string {
  return HOME === null ? getAsset(name, "utf8") : readFileSync(path.join(HOME, name), "utf8");
}

/** @returns what to hand to `process.execPath` as the first argument, so that it is a program of fence's own */
export function ownProgram(name: OwnProgram): string {
  if (HOME === null) return `${INSIDE}${name}`;
  // `build/src` when each module is a file of its own, `build/bundle` in a package.
  const built = path.relative(HOME, here()).split(path.sep).slice(0, 2);
  return path.join(HOME, ...built, name);
}

/** @returns the program that the single executable is to be; null: fence itself */
export function programInside(argument: string | undefined): OwnProgram | null {
  return OWN_PROGRAMS.find((name) => argument === `${INSIDE}${name}`) ?? null;
}

/** @returns what `process.execPath` is handed before the arguments of fence, so that it is this fence again */
export function ownArguments(): string[] {
  return HOME === null ? [] : [...process.execArgv, ...process.argv.slice(1, 2)];
}
