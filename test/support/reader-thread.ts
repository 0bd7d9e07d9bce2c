/**
 * A thread that reads the variants in force again and again, as a server does at each request, until it is told to end.
 * workerData: a ReaderTask. Posts one ReaderReport.
 */
import { readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { stampOf } from "../../src/switch/on-disk.js";

/** Of the shared numbers: the generation that has been told to be in force, and whether the readers go on. */
export const TOLD = 0;
export const ENDED = 1;

export interface ReaderTask {
  /** Files that each carry their mode and generation, and end in the JSON of the same. */
  files: readonly { path: string; isStamped: boolean }[];
  shared: SharedArrayBuffer;
}

export interface ReaderReport {
  reads: number;
  /** What was read of a generation that nothing had told of yet. */
  early: number;
  /** At most ten of what was wrong. */
  faults: string[];
}

const FAULTS_MAX = 10;
const READER_NICE = 15;

/** @throws Error when what was read is not whole */
function generationIn(content: string, isStamped: boolean): number {
  if (!content.endsWith("}\n")) throw new Error("cut");
  const stamp = isStamped ? stampOf(content) : null;
  const body = JSON.parse(isStamped ? content.slice(content.indexOf("\n") + 1) : content) as {
    mode: string;
    generation: number;
  };
  if (isStamped && (stamp?.generation !== body.generation || stamp.mode !== body.mode))
    throw new Error(`two generations in one file: ${stamp?.generation} and ${body.generation}`);
  return body.generation;
}

export function readUntilEnded({ files, shared }: ReaderTask): ReaderReport {
  const numbers = new Int32Array(shared);
  const last = new Map<string, number>();
  const report: ReaderReport = { reads: 0, early: 0, faults: [] };
  while (Atomics.load(numbers, ENDED) === 0) {
    for (const { path, isStamped } of files) {
      const told = Atomics.load(numbers, TOLD);
      try {
        const generation = generationIn(readFileSync(path, "utf8"), isStamped);
        if (generation < told) throw new Error(`${generation} after ${told} was told to be in force`);
        if (generation < (last.get(path) ?? 0)) throw new Error(`${generation} after ${last.get(path)}`);
        if (generation > told) report.early += 1;
        last.set(path, generation);
      } catch (error) {
        if (report.faults.length < FAULTS_MAX) report.faults.push(`${path}: ${(error as Error).message}`);
      }
      report.reads += 1;
    }
  }
  return report;
}

if (parentPort !== null) {
  // Of this thread alone: it takes what the switches leave of the machine.
  setPriority(READER_NICE);
  parentPort.postMessage(readUntilEnded(workerData as ReaderTask));
}
