import type { Crew } from "./crew.js";
import type { Kept, SocketFacts } from "./keeper-types.js";
import type { Orphan } from "./orphans.js";
import { pidFileLie } from "./pid-file.js";
import { socketText } from "./processes.js";
import { ageMs } from "../base/process-info.js";
import { groupMembers, heldConnections, residentBytes, waitingConnections } from "./procfs.js";
import type { ProcessFacts, SetFacts, Trouble, Worker } from "./types.js";

interface SetParts {
  crew: Crew | null;
  socket: SocketFacts | null;
  retiring: readonly Kept[];
  orphans: readonly Orphan[];
  doing: string | null;
  desired: "runs" | "stopped";
  wanted: Worker;
  number: number;
  trouble: Trouble | null;
}

/** What is to be told of one worker: looked at, not remembered. */
export function factsOf(parts: SetParts): SetFacts {
  const { crew, socket, retiring, orphans, wanted } = parts;
  const worker = crew?.generation.worker ?? wanted;
  const serving = crew?.living ?? [];
  const pids = serving.map(({ pid }) => pid);
  const state = (kept: Kept): ProcessFacts["state"] =>
    kept.tags.role === "retires" ? "retires" : kept.tags.proven ? "runs" : "starts";
  return {
    worker: worker.name,
    state: stateOf(parts),
    doing: parts.doing,
    generation: parts.number,
    count: worker.count,
    socket: socketText(worker),
    waiting: socket === null ? null : waitingConnections(socket.bound),
    processes: [
      ...serving.map((kept) => processFacts(kept, state(kept))),
      ...retiring.filter(({ pid }) => !pids.includes(pid)).map((kept) => processFacts(kept, "retires")),
      ...orphans.map((orphan) => processFacts(orphan, "orphan")),
    ],
    trouble: parts.trouble,
    pidFileLie: pidFileLie(worker, pids),
    log: worker.log,
  };
}

/** That a worker runs, for people. */
export function countText({ count, name }: Worker): string {
  return `${count} ${count === 1 ? "process" : "processes"} of ${name} ${count === 1 ? "runs" : "run"}`;
}

function stateOf({ crew, desired, doing, trouble, wanted }: SetParts): SetFacts["state"] {
  const living = crew?.living ?? [];
  if (desired === "stopped" && doing !== "start") return "stopped";
  const proven = living.filter(({ tags }) => tags.proven).length;
  if (proven >= (crew?.generation.worker.count ?? wanted.count)) return "runs";
  if (trouble === null) return "starts";
  return proven === 0 ? "failing" : "short";
}

function processFacts(kept: Orphan, state: ProcessFacts["state"]): ProcessFacts {
  const { pid, start, tags, bound } = kept;
  const members = groupMembers(pid);
  const memory = members.map(residentBytes);
  return {
    pid,
    generation: tags.generation,
    slot: tags.slot,
    state,
    ageSec: Math.floor(ageMs(start) / 1000),
    memoryBytes: memory.every((bytes) => bytes !== null) && memory.length > 0 ? sum(memory) : null,
    connections: connectionsOf(members, bound),
    requests: null,
    restarts: tags.restarts,
  };
}

function connectionsOf(members: readonly number[], bound: Orphan["bound"]): number | null {
  try {
    return heldConnections(members, bound);
  } catch {
    return null;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
