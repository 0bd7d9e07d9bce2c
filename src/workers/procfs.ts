import { closeSync, openSync, readSync, readdirSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import { processInfo } from "../base/process-info.js";

/** A listening socket, as the tables of the system name it. */
export type Bound =
  | { kind: "unix"; /** The path that was given to bind(2); a rename does not change it. */ name: string }
  | { kind: "tcp"; address: string; port: number };

/** State of a unix socket that was connected to and not yet accepted: SS_CONNECTING, as it has no inode yet. */
const UNIX_WAITING = "02";
const TCP_LISTEN = "0A";

/** The processes of a group, in rising order. */
export function groupMembers(group: number): number[] {
  const pids: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    if (groupOf(Number(name)) === group) pids.push(Number(name));
  }
  return pids.sort((a, b) => a - b);
}

/** Field 5 of /proc/<pid>/stat; null for a zombie, which has nothing any more. */
function groupOf(pid: number): number | null {
  const text = textOf(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[2] === undefined ? null : Number(fields[2]);
}

/** Whether every thread of a process is stopped; one that is gone is. */
export function isStopped(pid: number): boolean {
  let tasks: string[];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {
    return true;
  }
  return tasks.every((task) => {
    const text = textOf(`/proc/${pid}/task/${task}/stat`);
    const state = text.slice(text.lastIndexOf(")") + 2, text.lastIndexOf(")") + 3);
    return ["T", "t", "Z", "X", ""].includes(state);
  });
}

/**
 * How many connections that came through a socket these processes have accepted and not closed.
 * @throws Error when the descriptors of a living process may not be read
 */
export function heldConnections(pids: readonly number[], bound: Bound): number {
  const open = openSockets(pids);
  const accepted = acceptedInodes(bound);
  return [...open].filter((inode) => accepted.has(inode)).length;
}

/**
 * The inodes of all sockets that these processes have open.
 * @throws Error when the descriptors of a living process may not be read
 */
export function openSockets(pids: readonly number[]): Set<string> {
  return new Set(pids.flatMap(socketsOf));
}

/** How many connections wait in the queue of a socket that no process has accepted yet. */
export function waitingConnections(bound: Bound): number {
  if (bound.kind === "unix") {
    const rows = unixRows().filter(({ path, state }) => path === bound.name && state === UNIX_WAITING);
    return rows.length;
  }
  // Of a socket that listens, rx_queue is the length of its queue (proc_net_tcp).
  const [row] = tcpRows(bound.port).filter(
    ({ state, local }) => state === TCP_LISTEN && isBoundTo(local, bound),
  );
  return row?.queued ?? 0;
}

/** Of the connections that came to a port: the inode of our end, 0 before it is accepted, by the port of the other. */
export function tcpInodesByPeer(port: number): Map<number, string> {
  const rows = tcpRows(port).filter(({ state }) => state !== TCP_LISTEN);
  return new Map(rows.map(({ peerPort, inode }) => [peerPort, inode]));
}

/** Whether a process waits for connections by epoll(7) on the socket with this inode. */
export function isPolled(pid: number, inode: string): boolean {
  let names: string[];
  try {
    names = readdirSync(`/proc/${pid}/fdinfo`);
  } catch {
    return false;
  }
  const wanted = BigInt(inode).toString(16);
  return names.some((name) =>
    textOf(`/proc/${pid}/fdinfo/${name}`)
      .split("\n")
      .some((line) => line.startsWith("tfd:") && line.includes(` ino:${wanted} `)),
  );
}

/** The inode of a socket by a descriptor of this process. */
export function inodeOfFd(fd: number): string {
  return inodeIn(readlinkSync(`/proc/self/fd/${fd}`)) ?? "";
}

/** Resident memory in bytes; null when the process is gone. */
export function residentBytes(pid: number): number | null {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/status`))?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/** Names this run of the machine: pids and start times of another mean nothing. */
export function bootId(): string {
  return textOf("/proc/sys/kernel/random/boot_id").trim();
}

/** Whether a process catches a signal, or ignores it. */
export function hasHandler(pid: number, signal: NodeJS.Signals): boolean {
  const status = textOf(`/proc/${pid}/status`);
  const bit = 1n << BigInt(constants.signals[signal] - 1);
  return [...status.matchAll(/^Sig(?:Ign|Cgt):\s+([0-9a-f]+)$/gm)].some(
    ([, mask = "0"]) => (BigInt(`0x${mask}`) & bit) !== 0n,
  );
}

/** The name of a process, for people. */
export function programOf(pid: number): string {
  return textOf(`/proc/${pid}/comm`).trim();
}

/**
 * The inodes of the connections that came through a socket and were accepted. The table of TCP is as long as the machine is
 * busy: not to be read while anything waits for it.
 */
export function acceptedInodes(bound: Bound): Set<string> {
  if (bound.kind === "unix") {
    const rows = unixRows().filter(({ path, listens }) => path === bound.name && !listens);
    return new Set(rows.map(({ inode }) => inode).filter((inode) => inode !== "0"));
  }
  // A connection has the port of the listener as its own; other connections of a worker have one of their own.
  const rows = tcpRows(bound.port).filter(({ state }) => state !== TCP_LISTEN);
  return new Set(rows.map(({ inode }) => inode).filter((inode) => inode !== "0"));
}

interface UnixRow {
  state: string;
  listens: boolean;
  inode: string;
  path: string;
}

/** Columns: Num RefCount Protocol Flags Type St Inode Path; flag 0x10000 is __SO_ACCEPTCON. */
function unixRows(): UnixRow[] {
  return textOf("/proc/net/unix")
    .split("\n")
    .slice(1)
    .map((line) => {
      const [, , , flags = "", , state = "", inode = "", ...path] = line.trim().split(/ +/);
      return { state, inode, listens: (parseInt(flags, 16) & 0x10000) !== 0, path: path.join(" ") };
    });
}

interface TcpRow {
  local: string;
  peerPort: number;
  port: number;
  state: string;
  queued: number;
  inode: string;
}

/**
 * Those with this port at our end that somebody has. A busy port leaves tens of thousands that nobody has any more: these
 * are passed over before they are taken apart.
 */
function tcpRows(port: number): TcpRow[] {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  return ["/proc/net/tcp", "/proc/net/tcp6"]
    .flatMap((file) => linesWith(file, local).map(tcpRow))
    .filter((row) => row.port === port);
}

/** TCP_TIME_WAIT, two digits. */
const TIME_WAIT = [0x30, 0x36] as const;

/** The lines of a table of TCP that hold a text; none when there is no such table, as without IPv6. */
function linesWith(file: string, local: string): string[] {
  const length = readInto(file);
  const bytes = page.subarray(0, length);
  const lines: string[] = [];
  for (let at = bytes.indexOf(local, 0, "latin1"); at >= 0;) {
    const end = bytes.indexOf(10, at);
    const stop = end < 0 ? length : end;
    // After our end there is the other, and then the state.
    const state = bytes.indexOf(32, at + local.length) + 1;
    const isOver = bytes[state] === TIME_WAIT[0] && bytes[state + 1] === TIME_WAIT[1];
    if (!isOver) lines.push(bytes.toString("latin1", bytes.lastIndexOf(10, at) + 1, stop));
    at = bytes.indexOf(local, stop, "latin1");
  }
  return lines;
}

const PIECE_BYTES = 256 * 1024;
/**
 * Read into again and again. A look at all processes opens hundreds of files, many times a second while others retire, and
 * Node takes 64 KiB of its own for each file whose size is not known before: the garbage was most of the keeper's memory.
 */
let page = Buffer.allocUnsafe(PIECE_BYTES);

/** @returns how many bytes of `page` it has filled; 0 when the file cannot be read, or is gone in the middle of it */
function readInto(file: string): number {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return 0;
  }
  try {
    for (let length = 0; ;) {
      if (length === page.length) page = Buffer.concat([page, Buffer.allocUnsafe(page.length)]);
      const count = readSync(fd, page, length, page.length - length, null);
      if (count === 0) return length;
      length += count;
    }
  } catch {
    return 0;
  } finally {
    closeSync(fd);
  }
}

function tcpRow(line: string): TcpRow {
  const [, local = "", peer = "", state = "", queues = "", , , , , inode = ""] = line.trim().split(/ +/);
  const portOf = (end: string): number => parseInt(end.slice(end.indexOf(":") + 1), 16);
  const queued = parseInt(queues.split(":")[1] ?? "0", 16);
  return { local, port: portOf(local), peerPort: portOf(peer), state, inode, queued };
}

/** One port can have a listener for each of several addresses. */
function isBoundTo(local: string, bound: Extract<Bound, { kind: "tcp" }>): boolean {
  const [hex = "", port = ""] = local.split(":");
  if (parseInt(port, 16) !== bound.port) return false;
  if (bound.address.includes(":")) return hex.length === 32;
  const octets = bound.address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return hex.toLowerCase() === octets.toReversed().join("");
}

function socketsOf(pid: number): string[] {
  let names: string[];
  try {
    names = readdirSync(`/proc/${pid}/fd`);
  } catch (error) {
    if (processInfo(pid) === null) return [];
    throw error;
  }
  return names.flatMap((name) => {
    try {
      return inodeIn(readlinkSync(`/proc/${pid}/fd/${name}`)) ?? [];
    } catch {
      // Closed since.
      return [];
    }
  });
}

function inodeIn(link: string): string | null {
  return /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? null;
}

function textOf(path: string): string {
  const length = readInto(path);
  return page.toString("latin1", 0, length);
}
