import { lstatSync, statSync } from "node:fs";
import { wallMs } from "../base/clock.js";
import { ageMs, processInfo, userOf } from "../base/process-info.js";
import { run } from "../base/run.js";
import type { Server } from "../spec/types.js";
import { masterOptions, nginxWorkers } from "./nginx-workers.js";

/** As a config test: one that takes half a second takes many times as long on a crowded machine. */
const TIMEOUT_MS = 60_000;
/** A config with lists of networks has some megabytes. */
const DUMP_BYTES_MAX = 64 * 1024 * 1024;

export interface OwnNginxConfig {
  /** What `nginx -T` prints; null: it could not be had. */
  dump: string | null;
  /** Why not, with the server's own words; null: it could. */
  problem: string | null;
}

/**
 * The config of the user's own that a server is run with: the one on the command line of the master, or else the one that
 * the program itself takes.
 * @param masterPid null: it does not run
 */
export async function readOwnConfig(
  { program }: Pick<Server, "program">,
  masterPid: number | null,
): Promise<OwnNginxConfig> {
  // A config may name code, so nobody else is to say which one is read.
  const user = masterPid === null ? null : userOf(masterPid);
  if (user !== null && user !== 0 && user !== process.geteuid?.())
    return { dump: null, problem: `process ${masterPid} is of user ${user}: run fence as that user` };
  const args = ["-T", ...(masterPid === null ? [] : masterOptions(masterPid))];
  const done = await run(program, args, { timeoutMs: TIMEOUT_MS, outputBytesMax: DUMP_BYTES_MAX });
  const command = [program, ...args].join(" ");
  const failed = (what: string): OwnNginxConfig => ({ dump: null, problem: `${command} ${what}` });
  if (done.startError !== null) return failed(`cannot be run (${done.startError})`);
  if (done.timedOut) return failed("does not end");
  if (done.truncated) return failed(`prints more than ${DUMP_BYTES_MAX / 1024 / 1024} MB`);
  if (done.exitCode !== 0) return failed(`fails: ${done.stderr.trim().replace(/\s*\n\s*/g, "; ")}`);
  return { dump: done.stdout, problem: null };
}

/**
 * The files that have changed since the workers that serve have read them, as far as that can be told.
 * @param masterPid of a running server
 */
export function changedSinceRead(files: readonly string[], masterPid: number): string[] {
  const ages = nginxWorkers(masterPid)
    .filter(({ isShuttingDown }) => !isShuttingDown)
    .flatMap(({ pid }) => processInfo(pid) ?? [])
    .map(({ start }) => ageMs(start));
  if (ages.length === 0) return [];
  // One that has taken the place of another has what the master knows, which is older than itself.
  const readAtMs = wallMs() - Math.max(...ages);
  return files.filter((file) => changedAtMs(file) > readAtMs);
}

/** Also when a file of an older date was put in its place, or a symlink made to lead elsewhere. */
function changedAtMs(file: string): number {
  try {
    return Math.max(statSync(file).mtimeMs, statSync(file).ctimeMs, lstatSync(file).ctimeMs);
  } catch {
    return 0;
  }
}
