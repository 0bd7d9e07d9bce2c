import { constants } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { basename } from "node:path";
import type { Listen, Server } from "../spec/types.js";
import { reachable } from "./reachable.js";

const PID_BYTES_MAX = 64;
const ENDED = ", which has ended";

export interface Master {
  running: "yes" | "no" | "unknown";
  /** Process id of the master; null unless running is "yes". */
  pid: number | null;
  /** Why it is "no" or "unknown"; null for "yes". */
  problem: string | null;
}

/**
 * Whether a server runs, from its pid file, /proc and its listeners. "unknown" when they contradict each other:
 * something listens where the server should, but no pid file says that it is the server.
 */
export async function findMaster(server: Server): Promise<Master> {
  const pid = await readPid(server.pidFile);
  if (pid === "closed") {
    const problem = `the pid file ${server.pidFile} cannot be read: run fence as root`;
    return { running: "unknown", pid: null, problem };
  }
  if (pid !== null && (await isProgram(pid, server))) return { running: "yes", pid, problem: null };
  const stale = pid === null ? `no pid file ${server.pidFile}` : await whyStale(pid, server);
  for (const listen of server.listen) {
    if (await mayListen(listen)) {
      const where = listen.kind === "tcp" ? `port ${listen.port}` : listen.path;
      return {
        running: "unknown",
        pid: null,
        problem: `${stale}, but ${where} is not closed: ${whatToDo(server, stale)}`,
      };
    }
  }
  return { running: "no", pid: null, problem: stale };
}

function whatToDo({ name }: Server, stale: string): string {
  const set = `set pid_file of [server.${name}]`;
  return stale.endsWith(ENDED) ? `end the workers that have outlived it and start ${name}, or ${set}` : set;
}

/** Others may write the file, or put something else in its place: no more than a number is read, and nothing waited for. */
async function readPid(path: string): Promise<number | null | "closed"> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(PID_BYTES_MAX), 0, PID_BYTES_MAX, null);
      const match = /^\s*(\d{1,10})\s*$/.exec(buffer.toString("latin1", 0, bytesRead));
      return match ? Number(match[1]) : null;
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "EACCES" || code === "EPERM" ? "closed" : null;
  }
}

async function whyStale(pid: number, server: Server): Promise<string> {
  const names = `${server.pidFile} names process ${pid}`;
  const comm = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => null);
  if (comm === null) return names + ENDED;
  return `${names}, which is ${comm.trim()}, not ${basename(server.program)}`;
}

/** A pid file may outlive its process and the number may serve another one by now: compare the program's name. */
async function isProgram(pid: number, server: Server): Promise<boolean> {
  try {
    const [comm, stat] = await Promise.all([
      readFile(`/proc/${pid}/comm`, "latin1"),
      readFile(`/proc/${pid}/stat`, "latin1"),
    ]);
    const isZombie = stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
    return !isZombie && comm.trim() === basename(server.program).slice(0, 15);
  } catch {
    return false;
  }
}

/** The system's own word that nothing listens there, or that the address is not of this machine. */
const CLOSED = ["ECONNREFUSED", "ENOENT", "EADDRNOTAVAIL", "EHOSTUNREACH", "ENETUNREACH", "EAFNOSUPPORT"];

/** Whether something may listen: silence is no proof that nothing does, a listener may be too busy to take more. */
function mayListen(listen: Listen): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...reachable(listen), timeout: 1000 });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(true));
    socket.once("error", (error: NodeJS.ErrnoException) => end(!CLOSED.includes(error.code ?? "")));
  });
}
