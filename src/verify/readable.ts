import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { childrenOf } from "../base/process-info.js";
import { run } from "../base/run.js";
import type { Server } from "../spec/types.js";
import { findMaster } from "./running.js";

const TEST_TIMEOUT_MS = 5000;

interface Identity {
  uid: number;
  groups: ReadonlySet<number>;
}

/**
 * Why a running process could not read a file, by the modes of the file and of every folder above it.
 * A worker that cannot reach its variant answers with an error, or as if the site were never down.
 * @returns one sentence naming the component; null when it can, or when that cannot be told
 */
export function whyUnreadable(path: string, pid: number): string | null {
  try {
    const identity = identityOf(pid);
    if (identity.uid === 0) return null;
    const real = realpathSync(path);
    const folders: string[] = statSync(real).isDirectory() ? [real] : [];
    for (let folder = dirname(real); ; folder = dirname(folder)) {
      folders.unshift(folder);
      if (folder === dirname(folder)) break;
    }
    const closed = folders.find((folder) => !may(folder, identity, 1));
    if (closed !== undefined) return `user ${identity.uid} of worker ${pid} may not enter ${closed}`;
    if (!may(real, identity, 4)) return `user ${identity.uid} of worker ${pid} may not read ${real}`;
    return null;
  } catch {
    return null;
  }
}

function identityOf(pid: number): Identity {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const numbers = (name: string): number[] =>
    (new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(status)?.[1] ?? "")
      .split(/\s+/)
      .filter(Boolean)
      .map(Number);
  const uid = numbers("Uid")[1];
  if (uid === undefined) throw new Error(`no Uid in /proc/${pid}/status`);
  return { uid, groups: new Set([...numbers("Gid").slice(1, 2), ...numbers("Groups")]) };
}

/** `bit`: 4 read, 1 enter. */
function may(path: string, identity: Identity, bit: 4 | 1): boolean {
  const { mode, uid, gid } = statSync(path);
  if (uid === identity.uid) return (mode & (bit << 6)) !== 0;
  if (identity.groups.has(gid)) return (mode & (bit << 3)) !== 0;
  return (mode & bit) !== 0;
}

/** `whyUnreadable` for the workers of a running server: the first child of its master, or the master when it has none. */
export async function whyWorkersCannotRead(server: Server, path: string): Promise<string | null> {
  const { pid } = await findMaster(server);
  if (pid === null) return null;
  const worker = childrenOf(pid)[0] ?? pid;
  const why = whyUnreadable(path, worker);
  return why === null || (await isReadableBy(path, worker)) ? null : why;
}

/** Modes do not tell of access control lists: asks the kernel, with the user and groups of a process. */
export async function isReadableBy(path: string, pid: number): Promise<boolean> {
  const { uid, groups } = identityOf(pid);
  const [first = 65534, ...rest] = [...groups];
  const user = [
    `--reuid=${uid}`,
    `--regid=${first}`,
    rest.length > 0 ? `--groups=${rest.join(",")}` : "--clear-groups",
  ];
  const test = await run("setpriv", [...user, "test", "-r", path], { timeoutMs: TEST_TIMEOUT_MS });
  return test.exitCode === 0;
}
