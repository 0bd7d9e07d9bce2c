import { dirname, relative, resolve } from "node:path";
import type { Finding } from "./cross-check.js";
import { DEFAULTS } from "./defaults.js";
import { LIMITS } from "./limits.js";

/** The longest name that fence puts below `<run_dir>/<server>/` and binds a socket to. */
const SOCKET = "control.sock";

/** Folders that would come into each other's way, and sockets whose path is too long. */
export function checkFolders(
  raw: { state_dir?: unknown; run_dir?: unknown; output?: unknown },
  serverNames: readonly string[],
  file: string,
): Finding[] {
  const folder = (key: "state_dir" | "run_dir" | "output"): string => {
    const given = raw[key];
    return resolve(dirname(file), typeof given === "string" ? given : DEFAULTS[key].value);
  };
  const [state, run, output] = [folder("state_dir"), folder("run_dir"), folder("output")];
  const findings: Finding[] = [];
  const add = (key: string, message: string, why: string, fix: string): void => {
    findings.push({ path: [key], message, why, fix });
  };
  if (state === run)
    add("run_dir", "run_dir is state_dir", "both hold a folder for each server", "name two folders");
  const inside = [
    { what: "state_dir", path: state },
    { what: "run_dir", path: run },
    { what: "the folder of this file", path: dirname(file) },
  ].find(({ path }) => contains(output, path));
  if (inside !== undefined) {
    const why = "fence apply replaces output as a whole";
    add(
      "output",
      `output ${output} contains ${inside.what}`,
      why,
      'name a folder of its own, such as "rendered"',
    );
  }
  const longest = Math.max(0, ...serverNames.map((name) => Buffer.byteLength(`${run}/${name}/${SOCKET}`)));
  if (longest > LIMITS.socketPathBytesMax) {
    const why = `the path of a socket in it would have ${longest} bytes, and Linux takes ${LIMITS.socketPathBytesMax}`;
    add("run_dir", "run_dir is too long", why, 'name a shorter one, such as "/run/fence"');
  }
  return findings;
}

/** The same folder, or one above it. */
function contains(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith("../"));
}
