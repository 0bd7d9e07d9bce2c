import { dirname, resolve } from "node:path";
import { createAtomic, writeAtomic } from "../base/durable.js";
import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import { FileError, NotDurable } from "../base/file-error.js";
import { removeLeftovers } from "../base/folders.js";
import type { WebServerKind } from "../spec/types.js";
import type { Context } from "./context.js";

const FILE_MODE = 0o644;

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
  try {
    removeLeftovers(dirname(file));
    if (force) writeAtomic(file, text, { mode: FILE_MODE });
    else createAtomic(file, text, { mode: FILE_MODE });
  } catch (cause) {
    if (cause instanceof NotDurable) throw new FenceError("not-durable", cause.message, { cause });
    if (!(cause instanceof FileError)) throw cause;
    if (cause.errno === "EEXIST") {
      throw new FenceError("output-not-ours", `${file} exists already`, {
        cause,
        hint: "--force overwrites it",
      });
    }
    throw new FenceError("output-not-writable", `cannot write ${file} (${cause.errno})`, { cause });
  }
}
