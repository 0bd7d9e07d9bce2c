import type { CgiUpstream } from "./cgi-upstream.js";
import { splitsOf, type Script } from "./script-path.js";

/** folder: there is one by this path, asked for without its closing slash. */
export type Absent = "missing" | "folder";

/**
 * The script that a path names, as far as it is known without asking the disk.
 * @param path one character a byte @returns null: ask the disk
 */
export function knownScript(upstream: CgiUpstream, path: string, tick: number): Script | Absent | null {
  const { scripts } = upstream;
  if (scripts === null) return { name: "", info: path, file: null };
  for (const { name, info } of splitsOf(path, upstream.split, upstream.index)) {
    const kind = scripts.known(name, tick);
    if (kind === null) return null;
    if (kind === "file") return { name, info, file: scripts.root + name };
    // What is not there has nothing below it.
    if (kind !== "directory") return "missing";
  }
  if (path.endsWith("/")) return "missing";
  const kind = scripts.known(path, tick);
  return kind === null ? null : kind === "directory" ? "folder" : "missing";
}

/** The same with the disk. @throws for what the disk says, other than that nothing is there */
export async function findScript(
  upstream: CgiUpstream,
  path: string,
  tick: number,
): Promise<Script | Absent> {
  const { scripts } = upstream;
  for (;;) {
    const known = knownScript(upstream, path, tick);
    if (known !== null || scripts === null) return known ?? "missing";
    const splits = splitsOf(path, upstream.split, upstream.index);
    const next = splits.find(({ name }) => scripts.known(name, tick) === null);
    await scripts.look(next?.name ?? path, tick);
  }
}
