import { dirname, resolve } from "node:path";
import { createAtomic, writeAtomic } from "../base/durable.js";
import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import { FileError, NotDurable } from "../base/file-error.js";
import { findProgram, run } from "../base/run.js";
import { removeLeftovers } from "../base/folders.js";
import type { OwnConfig } from "../spec/starter.js";
import type { WebServerKind } from "../spec/types.js";
import type { Context } from "./context.js";

const FILE_MODE = 0o644;
const DUMP_TIMEOUT_MS = 10_000;
/** It is put between quotes as it is. */
const PLAIN_PATH = /^\/[\w./-]+$/;
const PRINT_NGINX = ["nginx", "-T"] as const;
const PRINT_LIGHTTPD = ["lighttpd", "-p", "-f", "/etc/lighttpd/lighttpd.conf"] as const;
const UNKNOWN: OwnConfig = { pidFile: null, sites: [] };

export interface InitOptions {
  kind?: WebServerKind;
  include?: true;
  force?: true;
}

/** `fence init`: the starter spec, never over a file that is there. */
export async function writeStarter(context: Context, options: InitOptions): Promise<ExitName> {
  const { starterSpec } = await import("../spec/starter.js");
  const file = resolve(context.config ?? "fence.toml");
  const kind = options.kind ?? kindHere();
  if (kind === "proxy" && options.include)
    throw new FenceError("usage", "the proxy has no config of another that could include something", {
      hint: "--include is for a web server that is there: --kind names it",
    });
  const include = options.include ? await ownConfig(context, kind) : null;
  const text = starterSpec(kind, include === null ? {} : { include });
  writeNew(file, text, options.force === true);
  context.out.line(file);
  if (options.kind === undefined && !context.quiet)
    context.err.line(
      `It is for ${kind === "proxy" ? "fence's own proxy" : kind}, by what is installed here; --kind names another`,
    );
  if (!context.quiet)
    context.err.line("Its comments say what to edit; then: fence check, fence plan, fence apply");
  return "ok";
}

/** With Lua or without: modules may lie anywhere, and what needs none works everywhere. */
function kindHere(): WebServerKind {
  const kinds = ["nginx", "lighttpd"] as const;
  return kinds.find((kind) => findProgram(kind) !== null) ?? "proxy";
}

/** What the config of the server that is here says, where fence can read it; what is not known is left to be said. */
async function ownConfig(context: Context, kind: WebServerKind): Promise<OwnConfig> {
  const [{ readNginxDump }, { readLighttpdDump }, { starterSpec }, { parseSpec }] = await Promise.all([
    import("./nginx-dump.js"),
    import("./lighttpd-dump.js"),
    import("../spec/starter.js"),
    import("../spec/parse.js"),
  ]);
  const isLighttpd = kind === "lighttpd";
  const [program, ...args] = isLighttpd ? PRINT_LIGHTTPD : PRINT_NGINX;
  const { exitCode, stdout, truncated } = await run(program, args, { timeoutMs: DUMP_TIMEOUT_MS });
  const facts = exitCode !== 0 || truncated ? null : (isLighttpd ? readLighttpdDump : readNginxDump)(stdout);
  if (facts === null) {
    const asked = [program, ...args].join(" ");
    if (!context.quiet) context.err.line(`No config is printed by ${asked}: say in the spec how it listens`);
    return UNKNOWN;
  }
  const { pidFile, sites } = facts;
  const known = { pidFile: pidFile !== null && PLAIN_PATH.test(pidFile) ? pidFile : null, sites };
  try {
    parseSpec(starterSpec(kind, { include: known }), "/fence.toml", () => "");
    return known;
  } catch {
    // It says what no spec can, such as one address twice.
    return { ...known, sites: [] };
  }
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
