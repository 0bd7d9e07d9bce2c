import { pairedRatios, shuffled, spreadOf, type Spread } from "../statistics.js";
import { treeCpuNs } from "../worker-cpu.js";
import { askOnce, faultOf } from "./ask.js";
import type { Case } from "./cases.js";
import type { Contestant } from "./contestant.js";
import { driveAtRate, driveWrk, type LoadFigures, type Target } from "./load.js";
import { measureMemory, type MemoryFigures } from "./memory.js";
import { hostOf } from "./peer.js";

export interface Effort {
  rounds: number;
  seconds: number;
  warmUpSeconds: number;
  /** By performance.now(); after it no round begins, but the first of a case. */
  deadline: number;
}

/** What one peer came to in one case. */
export interface Result {
  case: string;
  peer: string;
  /** The base's figure by the peer's in the same round: above 1 is better than the base. Null: not measured. */
  cpu: Spread | null;
  /** The peer's requests a second by the base's: above 1 is better. */
  throughput: Spread | null;
  /** The base's p99 by the peer's at a fixed rate. */
  p99: Spread | null;
  memory: MemoryFigures | null;
  /** Median of the rounds; says something on this machine alone. */
  cpuMicrosPerRequest: number | null;
  /** What was answered wrongly. */
  faults: readonly string[];
}

class Track {
  readonly cpuMicros = new Map<number, number>();
  readonly secondsPerRequest = new Map<number, number>();
  readonly p99Ms = new Map<number, number>();
  readonly faults: string[] = [];
  memory: MemoryFigures | null = null;
}

/**
 * Rounds in which every contestant is measured once, in an order of chance: what else the machine does then falls on
 * all of them alike, and each ratio is of one round.
 */
export async function measure(
  asked: Case,
  contestants: readonly Contestant[],
  base: string,
  effort: Effort,
  cpus: string | null,
): Promise<Result[]> {
  const tracks = new Map(contestants.map((contestant) => [contestant, new Track()]));
  if (asked.measure === "memory")
    for (const [contestant, track] of tracks) track.memory = await measureMemory(asked, contestant);
  else {
    for (const contestant of contestants)
      await driveWrk(asked, targetOf(asked, contestant, cpus), effort.warmUpSeconds);
    for (let round = 0; round < effort.rounds; round += 1) {
      if (round > 0 && performance.now() > effort.deadline) break;
      for (const [contestant, track] of shuffled([...tracks]))
        await measureOnce(asked, contestant, track, { round, seconds: effort.seconds, cpus });
    }
  }
  const baseTrack = [...tracks].find(([{ peer }]) => peer.name === base)?.[1] ?? new Track();
  return [...tracks].map(([{ peer }, track]) => resultOf(asked, peer.name, track, baseTrack));
}

async function measureOnce(
  asked: Case,
  contestant: Contestant,
  track: Track,
  { round, seconds, cpus }: { round: number; seconds: number; cpus: string | null },
): Promise<void> {
  const drive = asked.measure === "p99" ? driveAtRate : driveWrk;
  const before = treeCpuNs(contestant.server.pid);
  let figures: LoadFigures;
  try {
    figures = await drive(asked, targetOf(asked, contestant, cpus), seconds);
  } catch (error) {
    track.faults.push((error as Error).message);
    return;
  }
  const cpuNs = treeCpuNs(contestant.server.pid) - before;
  track.faults.push(...figures.faults);
  if (figures.requests === 0) return;
  if (asked.measure === "p99") track.p99Ms.set(round, figures.p99Ms);
  else {
    track.cpuMicros.set(round, cpuNs / 1000 / figures.requests);
    track.secondsPerRequest.set(round, 1 / figures.perSecond);
  }
  const answer = await askOnce(asked, contestant.port).catch((error: unknown) => (error as Error).message);
  const fault = typeof answer === "string" ? answer : faultOf(asked, contestant.bodyBytes, answer);
  if (fault !== null) track.faults.push(fault);
}

function targetOf(asked: Case, { port, bodyBytes }: Contestant, cpus: string | null): Target {
  return { port, host: hostOf(asked), bodyBytes, cpus };
}

function resultOf(asked: Case, peer: string, track: Track, base: Track): Result {
  const cpuMicros = [...track.cpuMicros.values()];
  return {
    case: asked.name,
    peer,
    cpu: spreadOrNull(pairedRatios(base.cpuMicros, track.cpuMicros)),
    throughput: spreadOrNull(pairedRatios(base.secondsPerRequest, track.secondsPerRequest)),
    p99: spreadOrNull(pairedRatios(base.p99Ms, track.p99Ms)),
    memory: track.memory,
    cpuMicrosPerRequest: cpuMicros.length === 0 ? null : spreadOf(cpuMicros).median,
    faults: [...new Set(track.faults)],
  };
}

function spreadOrNull(ratios: readonly number[]): Spread | null {
  return ratios.length === 0 ? null : spreadOf(ratios);
}
