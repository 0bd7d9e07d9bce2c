import { readFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";

/** Who runs where: the server under test on one processor, the load and the backend on another. */
export interface Places {
  server: string | null;
  load: string | null;
}

/** Of the processors that this process may use; nothing is pinned where there is but one, or where two workers serve. */
export function placesFor(workers: number, allowed: readonly number[] = allowedCpus()): Places {
  const [first, second] = allowed;
  if (workers > 1 || first === undefined || second === undefined) return { server: null, load: null };
  return { server: String(first), load: String(second) };
}

function allowedCpus(): number[] {
  const text = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? "";
  return cpusOf(text);
}

/** `0-2,5` is 0, 1, 2 and 5. */
export function cpusOf(list: string): number[] {
  return list.split(",").flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  });
}

/** One line on what it was measured with. */
export function machineLine(): string {
  const [cpu] = cpus();
  return `${cpu?.model.trim() ?? "unknown processor"}, ${cpus().length} processors, Linux ${release()}, Node ${process.versions.node}`;
}

/** Average number of processes that wanted a processor within the last minute. */
export function loadAverage(): number {
  return loadavg()[0] ?? Number.NaN;
}
