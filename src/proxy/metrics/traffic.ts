import type { Socket } from "node:net";
import type { Mode } from "../../base/mode.js";

export const MODES = ["up", "down", "hold"] as const satisfies readonly Mode[];
/** First digits of statuses. */
export const CLASSES = [1, 2, 3, 4, 5] as const;
/** Upper ends, in milliseconds. */
export const BUCKETS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000] as const;

/** What became of requests, as plain numbers: counted on the path of each, read when somebody asks. */
export class Traffic {
  /** By mode and class of status. */
  readonly answers = new Float64Array(MODES.length * CLASSES.length);
  /** By the first bucket that holds it; the last one has what no bucket holds. */
  readonly durations = new Float64Array(BUCKETS_MS.length + 1);
  durationSumMs = 0;

  count(mode: Mode, status: number, ms: number): void {
    const row = mode === "up" ? 0 : mode === "down" ? 1 : 2;
    const column = Math.floor(status / 100) - 1;
    (this.answers[row * CLASSES.length + column] as number) += 1;
    // The life of an upgraded connection is not the duration of an answer.
    if (status === 101) return;
    let bucket = 0;
    while (bucket < BUCKETS_MS.length && ms > (BUCKETS_MS[bucket] as number)) bucket += 1;
    (this.durations[bucket] as number) += 1;
    this.durationSumMs += ms;
  }
}

/** What one process counts that belongs to no site: connections, their bytes, and requests for no site. */
export class Totals {
  readonly nobody = new Traffic();
  connections = 0;
  turnedAway = 0;
  /** A socket counts its own bytes: nothing is added up before it ends, or somebody asks. */
  readonly sockets = new Set<Socket>();
  private read = 0;
  private written = 0;

  begins(socket: Socket): void {
    this.connections += 1;
    this.sockets.add(socket);
    socket.once("close", () => {
      this.sockets.delete(socket);
      this.read += socket.bytesRead;
      this.written += socket.bytesWritten;
    });
  }

  /** As they are above TLS. */
  bytes(): { read: number; written: number } {
    let { read, written } = this;
    for (const socket of this.sockets) {
      read += socket.bytesRead;
      written += socket.bytesWritten;
    }
    return { read, written };
  }
}
