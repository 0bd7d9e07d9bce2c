import { readFileSync } from "node:fs";
import { ownText } from "../base/own-files.js";
import { FenceError } from "../base/errors.js";
import { findProgram, programEnv, run } from "../base/run.js";
import type { Worker } from "./types.js";

const ID_TIMEOUT_MS = 5000;
/** Says LISTEN_PID for the process that it becomes: nothing else can know it before the program runs. */
const LISTEN_PID = ["/bin/sh", "-c", ownText("bin/listen-pid"), "listen-pid"];

/** Whom a worker runs as, in numbers; null: as whoever supervises. */
export interface Account {
  uid: number;
  gid: number;
}

/** How the processes of one worker are started: resolved once for each generation. */
export interface Launch {
  command: readonly string[];
  env: Record<string, string>;
  socketFd: 0 | 3;
  account: Account | null;
}

/**
 * The program behind setpriv(1), which becomes it: with the worker's user, its groups, and without the possibility of new
 * privileges (prctl(2), PR_SET_NO_NEW_PRIVS). A process keeps its pid through all of it.
 * @throws FenceError worker-unfit
 */
export async function launchOf(worker: Worker): Promise<Launch> {
  const [name = "", ...args] = worker.command;
  const program = findProgram(name);
  if (program === null)
    throw unfit(
      worker,
      `there is no program ${name}`,
      "Install it, or write where it is as an absolute path.",
    );
  const setpriv = findProgram("setpriv");
  if (setpriv === null)
    throw unfit(worker, "there is no setpriv, which gives up privileges", "Install util-linux.");
  const account = await accountOf(worker);
  const become =
    account === null ? [] : ["--reuid", String(account.uid), "--regid", String(account.gid), "--init-groups"];
  const isHttp = worker.protocol === "http";
  return {
    command: [setpriv, "--no-new-privs", ...become, "--", ...(isHttp ? LISTEN_PID : []), program, ...args],
    env: environmentOf(worker),
    socketFd: isHttp ? 3 : 0,
    account,
  };
}

/** Numbers of a user and of a group; the names must be known to the system. @throws FenceError worker-unfit */
async function accountOf(worker: Worker): Promise<Account | null> {
  if (worker.user === null) return null;
  const uid = await idOf(worker, ["-u", "--", worker.user]);
  const gid =
    worker.group === null ? await idOf(worker, ["-g", "--", worker.user]) : groupId(worker, worker.group);
  if (process.geteuid?.() === 0) return { uid, gid };
  if (process.geteuid?.() === uid && process.getegid?.() === gid) return null;
  const hint = `Start fence workers as root, or as ${worker.user}.`;
  throw unfit(worker, `only root can run it as ${worker.user}`, hint);
}

/** Of the file of a unix socket. @throws FenceError worker-unfit */
export async function socketOwner(
  worker: Worker,
  account: Account | null,
): Promise<{ uid: number; gid: number }> {
  const { socket } = worker;
  const uid = account?.uid ?? process.geteuid?.() ?? 0;
  const gid = account?.gid ?? process.getegid?.() ?? 0;
  if (socket.kind !== "unix") return { uid, gid };
  return {
    uid: socket.owner === null ? uid : await idOf(worker, ["-u", "--", socket.owner]),
    gid: socket.group === null ? gid : groupId(worker, socket.group),
  };
}

function environmentOf(worker: Worker): Record<string, string> {
  const env: Record<string, string> = { PATH: programEnv()["PATH"] ?? "" };
  for (const name of worker.passEnv) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  if (worker.protocol === "http") Object.assign(env, { LISTEN_FDS: "1", LISTEN_FDNAMES: worker.name });
  return { ...env, ...Object.fromEntries(worker.env.map(({ name, value }) => [name, value])) };
}

async function idOf(worker: Worker, args: readonly string[]): Promise<number> {
  const done = await run("id", args, { timeoutMs: ID_TIMEOUT_MS });
  const text = done.stdout.trim();
  if (done.exitCode === 0 && /^\d+$/.test(text)) return Number(text);
  throw unfit(
    worker,
    `there is no user named ${args.at(-1) ?? ""} on this host`,
    "Make the user, or name another.",
  );
}

/** id(1) knows users alone. */
function groupId(worker: Worker, group: string): number {
  if (/^\d+$/.test(group)) return Number(group);
  const line = readFileSync("/etc/group", "utf8")
    .split("\n")
    .find((one) => one.startsWith(`${group}:`));
  const gid = line?.split(":")[2];
  if (gid !== undefined && /^\d+$/.test(gid)) return Number(gid);
  throw unfit(
    worker,
    `there is no group named ${group} in /etc/group`,
    "Make the group, or write its number.",
  );
}

function unfit(worker: Worker, why: string, hint: string): FenceError {
  return new FenceError("worker-unfit", `worker ${worker.name} cannot be started: ${why}`, { hint });
}
