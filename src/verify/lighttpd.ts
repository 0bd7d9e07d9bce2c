import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { monotonicMs, sleep } from "../base/clock.js";
import { childrenOf } from "../base/process-info.js";
import type { SwitchPoint } from "../servers/adapter.js";
import type { Server } from "../spec/types.js";
import { ask } from "./ask.js";
import type { WorkerReport, WorkersView } from "./types.js";

/**
 * Which worker takes a connection is chance, and on an idle machine often the same one many times: with n workers, rounds of
 * n connections are tried for so long, at first without a pause.
 */
const LOOK_MS = 1500;
const ROUNDS_AT_ONCE = 40;
const PAUSE_MS = 5;
const ANSWER_TIMEOUT_MS = 1000;
const ANSWER_BYTES_MAX = 4096;

/** What templates/lighttpd/admin.lua answers. */
interface WorkerAnswer {
  pid: number;
  inode: number;
  size: number;
  /** Seconds. */
  mtime: number;
  inflight: number | null;
}

/**
 * Asks every worker process of a lighttpd, on its control socket, which file it takes for the site's active variant.
 * A worker is settled when its stat cache shows the file that is on the disk now: mod_magnet decides by the same cache
 * whether to load the script again. Never throws for what the server does.
 */
export async function observeWorkers(
  point: SwitchPoint,
  server: Server,
  masterPid: number,
): Promise<WorkersView> {
  const { controlSocket } = point;
  if (controlSocket === null) return { workers: [], inflight: null, problem: "no control socket" };
  const children = childrenOf(masterPid);
  const pids = server.workers === 0 ? [masterPid] : children;
  const active = await stat(point.active).catch(() => null);
  if (active === null)
    return { workers: silent(pids), inflight: null, problem: `${point.active} cannot be read` };
  if (pids.length === 0) return { workers: [], inflight: null, problem: "the server has no worker process" };

  const { answers, problem } = await askAll(controlSocket, point.site, pids);
  const serving = await withoutRetired(pids, answers, controlSocket);
  const workers = serving.map((pid): WorkerReport => {
    const answer = answers.get(pid);
    if (!answer) return { pid, settled: null, detail: null };
    const isSame =
      answer.inode === active.ino &&
      answer.size === active.size &&
      answer.mtime === Math.floor(active.mtimeMs / 1000);
    return {
      pid,
      settled: isSame,
      detail: isSame ? null : `it has inode ${answer.inode}, the disk ${active.ino}`,
    };
  });
  // What a retired process still has at the backend it tells no one.
  // Looked for behind the answers: a reload meanwhile may have put it aside.
  const retired = childrenOf(masterPid).filter((pid) => !serving.includes(pid)).length;
  const counts = serving.map((pid) => answers.get(pid)?.inflight ?? null);
  const isExact = retired === 0 && counts.every((count) => count !== null);
  const inflight = isExact ? counts.reduce((sum, count) => sum + count, 0) : null;
  return { workers, inflight, problem };
}

function silent(pids: readonly number[]): WorkerReport[] {
  return pids.map((pid) => ({ pid, settled: null, detail: null }));
}

/** Asks until every pid has answered, or for LOOK_MS. */
async function askAll(socketPath: string, site: string, pids: readonly number[]) {
  const answers = new Map<number, WorkerAnswer>();
  let problem: string | null = null;
  const end = monotonicMs() + LOOK_MS;
  for (let round = 0; !pids.every((pid) => answers.has(pid)) && monotonicMs() < end; round += 1) {
    if (round >= ROUNDS_AT_ONCE) await sleep(PAUSE_MS);
    const asked = await Promise.allSettled(pids.map(() => askWorker(socketPath, site)));
    for (const one of asked) if (one.status === "fulfilled") answers.set(one.value.pid, one.value);
    const failed = asked.find((one) => one.status === "rejected");
    if (failed) {
      problem = `the control socket did not answer: ${(failed.reason as Error).message}`;
      break;
    }
  }
  return { answers, problem };
}

/** On a connection of its own: a kept one would always reach the same worker. */
async function askWorker(socketPath: string, site: string): Promise<WorkerAnswer> {
  const options = { socketPath, path: `/?site=${site}`, headers: { Host: "fence", Connection: "close" } };
  const limits = { timeoutMs: ANSWER_TIMEOUT_MS, bodyBytesMax: ANSWER_BYTES_MAX };
  const { status, body } = await ask(options, false, limits);
  return parseAnswer(status, body);
}

function parseAnswer(status: number, text: string): WorkerAnswer {
  if (status !== 200) throw new Error(`status ${status}; the server runs with an older config: reload it`);
  const value = JSON.parse(text) as Record<string, unknown>;
  const number = (name: string): number => {
    const found = value[name];
    if (typeof found !== "number") throw new Error(`no ${name} in the answer`);
    return found;
  };
  return {
    pid: number("pid"),
    inode: number("inode"),
    size: number("size"),
    mtime: number("mtime"),
    inflight: value["inflight"] === null ? null : number("inflight"),
  };
}

/**
 * Without the silent processes that hold no listener any more: after a reload old workers live on until their last
 * response is sent, and take no new request; a program that lighttpd has started never did.
 */
async function withoutRetired(
  pids: readonly number[],
  answers: ReadonlyMap<number, WorkerAnswer>,
  socketPath: string,
) {
  if (pids.every((pid) => answers.has(pid))) return pids;
  const sockets = await listenersAt(socketPath);
  const serves = await Promise.all(
    pids.map(async (pid) => answers.has(pid) || (await holdsAny(pid, sockets))),
  );
  return pids.filter((_pid, index) => serves[index]);
}

/** As /proc/PID/fd links name them. */
async function listenersAt(socketPath: string): Promise<Set<string>> {
  const lines = (await readFile("/proc/net/unix", "utf8")).split("\n");
  const fields = lines.map((line) => line.trim().split(/\s+/));
  return new Set(fields.filter((field) => field[7] === socketPath).map((field) => `socket:[${field[6]}]`));
}

async function holdsAny(pid: number, sockets: ReadonlySet<string>): Promise<boolean> {
  try {
    for (const fd of await readdir(`/proc/${pid}/fd`)) {
      if (sockets.has(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ""))) return true;
    }
    return false;
  } catch (error) {
    // Gone, or not ours to look at: only what is gone may be left out.
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
}
