import type { IdleAnswer } from "./keeper-types.js";
import { acceptedInodes, groupMembers, hasHandler, isStopped, openSockets, type Bound } from "./procfs.js";

/** A thread that waits for a disk stops only after it. */
const STOP_MS = 50;
const LOOK_MS = 0.2;

/**
 * Sends a signal to a process group if, and only if, none of its processes holds a connection of the socket. They are
 * stopped while that is looked at, so that none takes one in between; and a process that was stopped in accept(2) gets
 * the signal before it can accept again. What the table of connections says is read before: while they are stopped it is
 * enough that no socket has come to those that were no connection then. All in one go, without a turn of the event
 * loop: whoever kills this process in the middle must be quick to leave a worker stopped.
 * @param ours inodes of connections of our own, which nobody misses
 */
export function signalIfIdle(
  group: number,
  bound: Bound,
  signal: NodeJS.Signals,
  ours: readonly string[] = [],
): IdleAnswer {
  const before = openSockets(groupMembers(group));
  const accepted = acceptedInodes(bound);
  const held = [...before].filter((inode) => accepted.has(inode) && !ours.includes(inode)).length;
  if (held > 0) return { sent: false, connections: held };
  if (!send(group, "SIGSTOP")) return { sent: false, connections: 0 };
  let connections: number | null = null;
  try {
    const members = groupMembers(group);
    if (areStopped(members))
      connections = [...openSockets(members)].filter((inode) => !before.has(inode)).length;
    // A signal that nobody has a handler for ends the process as SIGKILL does; but when it has several threads one of them
    // takes the signal, and another may accept a connection before it is ended, too. SIGKILL lets none of them go on.
    if (connections === 0) send(group, members.some((pid) => hasHandler(pid, signal)) ? signal : "SIGKILL");
  } finally {
    send(group, "SIGCONT");
  }
  return { sent: connections === 0, connections };
}

function areStopped(members: readonly number[]): boolean {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const deadline = performance.now() + STOP_MS;
  while (!members.every(isStopped)) {
    if (performance.now() > deadline) return false;
    Atomics.wait(cell, 0, 0, LOOK_MS);
  }
  return true;
}

/** @returns false when the group is gone */
export function send(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}
