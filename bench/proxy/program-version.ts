import { spawnSync } from "node:child_process";
import { findProgram } from "../../test/support/needs.js";

/** What a program says is its version, or the whole of what it says; null: it is not here. */
export function versionOf(name: string, args: readonly string[], pattern: RegExp): string | null {
  const program = findProgram(name);
  if (program === null) return null;
  const { stdout, stderr } = spawnSync(program, args, { encoding: "utf8", timeout: 10_000 });
  const text = `${stdout}${stderr}`;
  return pattern.exec(text)?.[1] ?? text.trim();
}
