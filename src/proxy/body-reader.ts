import { ChunkScanner, withoutCuts, type ChunkPolicy } from "./wire/chunk-scanner.js";
import type { RefusalReason } from "./wire/refusals.js";
import type { ResponseFraming } from "./wire/types.js";

/** Follows one body through the pieces in which it comes, and knows where it ends. */
export class BodyReader {
  isDone: boolean;
  /** Bytes so far, framing included. */
  bytes = 0;
  /** Bytes still to come; null: it cannot be told. */
  remaining: number | null;
  private readonly scanner: ChunkScanner | null;

  constructor(framing: ResponseFraming, policy?: ChunkPolicy) {
    this.scanner = framing.kind === "chunked" ? new ChunkScanner(policy) : null;
    this.remaining = framing.kind === "length" ? framing.length : framing.kind === "none" ? 0 : null;
    this.isDone = this.remaining === 0;
  }

  /** @returns the offset after the last byte of the body in this piece, or why it is refused */
  take(bytes: Uint8Array, start: number, end: number): number | RefusalReason {
    let stop = end;
    if (this.scanner !== null) {
      const scanned = this.scanner.scan(bytes, start, end);
      if (typeof scanned === "string") return scanned;
      stop = scanned;
      this.isDone = this.scanner.done;
    } else if (this.remaining !== null) {
      stop = Math.min(end, start + this.remaining);
      this.remaining -= stop - start;
      this.isDone = this.remaining === 0;
    }
    this.bytes += stop - start;
    return stop;
  }

  /** What of the piece last taken must not be forwarded: nearly always nothing. */
  get hasCuts(): boolean {
    return this.scanner !== null && this.scanner.cuts.length > 0;
  }

  /** The bytes to forward of a piece with cuts; may still be the same memory. */
  forwarded(bytes: Buffer, start: number, end: number): Buffer {
    return withoutCuts(bytes, start, end, this.scanner?.cuts ?? []);
  }

  /** Text to send behind the last piece; nearly always empty. */
  get tail(): string {
    return this.isDone && this.scanner !== null ? this.scanner.tail : "";
  }
}

/** For messages without a body. */
export const NO_BODY_READER = new BodyReader({ kind: "none" });
