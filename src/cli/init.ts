import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import type { WebServerKind } from "../spec/types.js";
import type { Context } from "./context.js";

/** `fence init`: the starter spec, never over a file that is there. */
export async function writeStarter(context: Context, kind: WebServerKind, force: boolean): Promise<ExitName> {
  const { starterSpec } = await import("../spec/starter.js");
  const file = resolve(context.config ?? "fence.toml");
  writeNew(file, starterSpec(kind), force);
  context.out.line(file);
  if (!context.quiet)
    context.err.line("Its comments say what to edit; then: fence check, fence plan, fence apply");
  return "ok";
}

function writeNew(file: string, text: string, force: boolean): void {
  let fd: number;
  try {
    // "wx" leaves no moment between the look and the write in which somebody else makes the file.
    fd = openSync(file, force ? "w" : "wx", 0o644);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      throw new FenceError("output-not-ours", `${file} exists already`, {
        cause,
        hint: "--force overwrites it",
      });
    }
    throw new FenceError("output-not-writable", `cannot write ${file} (${code})`, { cause });
  }
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
