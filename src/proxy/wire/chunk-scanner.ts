import type { WireLimits } from "../limits.js";
import { WIRE_LIMITS } from "../limits.js";
import { CR, LF, hexDigit } from "./bytes.js";
import { type ExtensionState, extensionStep } from "./chunk-extension.js";
import type { RefusalReason } from "./refusals.js";
import { TrailerReader } from "./trailers.js";

/** What of a chunked body is forwarded. Extensions never are: they belong to one hop. */
export interface ChunkPolicy {
  /** "forward" = those that may stand there; "drop" = none */
  readonly trailers: "drop" | "forward";
  /** "strip" = only the data, for a receiver that does not know chunks (HTTP/1.0); trailers are dropped with it */
  readonly framing: "keep" | "strip";
}

type State =
  | "size"
  | "extension"
  | "size-lf"
  | "data"
  | "data-cr"
  | "data-lf"
  | "last"
  | "last-lf"
  | "trailers"
  | "done";

/**
 * Follows one chunked body through the pieces in which it comes. It never rewrites a byte: what is forwarded are the
 * bytes themselves, but for `cuts`, and `tail` once after them.
 */
export class ChunkScanner {
  /** offset pairs [from, to) within the bytes last scanned that are not to be forwarded; nearly always empty */
  readonly cuts: number[] = [];
  /** the body has ended: scan() told where */
  done = false;
  /** after the end: latin1 text to forward behind the body; nearly always empty */
  tail = "";
  private state: State = "size";
  private size = 0;
  private digits = 0;
  private extension: ExtensionState = "before-semicolon";
  private extensionBytes = 0;
  private extensionsBytes = 0;
  private trailers: TrailerReader | null = null;
  /** a cut that is open: where it began; -1 = none */
  private cutFrom = -1;

  constructor(
    private readonly policy: ChunkPolicy = { trailers: "drop", framing: "keep" },
    private readonly limits: WireLimits = WIRE_LIMITS,
  ) {}

  /**
   * Reads on at `start`.
   * @returns the offset after the last byte that belongs to the body (`end` unless `done`), or why it is refused: then
   * nothing of these bytes is to be forwarded
   */
  scan(bytes: Uint8Array, start: number, end: number): number | RefusalReason {
    this.cuts.length = 0;
    const strip = this.policy.framing === "strip";
    this.cutFrom =
      this.state === "extension" || this.state === "trailers" || (strip && this.state !== "data")
        ? start
        : -1;
    let at = start;
    while (at < end && !this.done) {
      if (this.state === "data") {
        const length = Math.min(this.size, end - at);
        at += length;
        this.size -= length;
        if (this.size > 0) break;
        this.state = "data-cr";
        if (strip) this.cutFrom = at;
        continue;
      }
      const refused = this.step(bytes[at] as number, at);
      if (refused !== null) return refused;
      at += 1;
      if (strip && (this.state as State) === "data") this.closeCut(at);
    }
    this.closeCut(at);
    return at;
  }

  /** One byte that is not data. */
  private step(byte: number, at: number): RefusalReason | null {
    switch (this.state) {
      case "size":
        return this.sizeByte(byte, at);
      case "extension":
        return this.extensionByte(byte, at);
      case "size-lf":
        if (byte !== LF) return "bare-cr";
        this.digits = 0;
        this.extensionBytes = 0;
        this.state = this.size === 0 ? "last" : "data";
        return null;
      case "data-cr":
        if (byte !== CR) return "chunk-end";
        this.state = "data-lf";
        return null;
      case "data-lf":
        if (byte !== LF) return "chunk-end";
        this.state = "size";
        return null;
      case "last":
        if (byte === CR) {
          this.state = "last-lf";
          return null;
        }
        this.openCut(at);
        this.state = "trailers";
        return this.trailerByte(byte);
      case "last-lf":
        if (byte !== LF) return "bare-cr";
        this.state = "done";
        this.done = true;
        return null;
      default:
        return this.trailerByte(byte);
    }
  }

  private sizeByte(byte: number, at: number): RefusalReason | null {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.digits += 1;
      this.size = this.size * 16 + digit;
      if (this.digits > this.limits.chunkSizeDigitsMax) return "chunk-size-too-large";
      return this.size > Number.MAX_SAFE_INTEGER ? "chunk-size-too-large" : null;
    }
    if (this.digits === 0) return "chunk-size";
    if (byte === CR) {
      this.state = "size-lf";
      return null;
    }
    this.state = "extension";
    this.extension = "before-semicolon";
    this.openCut(at);
    return this.extensionByte(byte, at) === null ? null : byte === LF ? "bare-lf" : "chunk-size";
  }

  private extensionByte(byte: number, at: number): RefusalReason | null {
    const next = extensionStep(this.extension, byte);
    if (next === null) return byte === LF ? "bare-lf" : "chunk-extension";
    if (next === "end") {
      this.state = "size-lf";
      if (this.policy.framing === "keep") this.closeCut(at);
      return null;
    }
    this.extension = next;
    this.extensionBytes += 1;
    this.extensionsBytes += 1;
    const { chunkExtensionBytesMax, chunkExtensionsBytesMax } = this.limits;
    const tooLong =
      this.extensionBytes > chunkExtensionBytesMax || this.extensionsBytes > chunkExtensionsBytesMax;
    return tooLong ? "chunk-extension-too-long" : null;
  }

  private trailerByte(byte: number): RefusalReason | null {
    this.trailers ??= new TrailerReader(this.limits.trailerBytesMax, this.limits.trailerCountMax);
    const step = this.trailers.take(byte);
    if (step === "more") return null;
    if (step !== "end") return step;
    this.state = "done";
    this.done = true;
    const { trailers, framing } = this.policy;
    if (framing === "keep") this.tail = trailers === "forward" ? `${this.trailers.kept}\r\n` : "\r\n";
    return null;
  }

  private openCut(at: number): void {
    if (this.cutFrom < 0) this.cutFrom = at;
  }

  private closeCut(at: number): void {
    if (this.cutFrom >= 0 && at > this.cutFrom) this.cuts.push(this.cutFrom, at);
    this.cutFrom = -1;
  }
}

/** The bytes of [start, end) without the cuts of a ChunkScanner: the same memory when there are none, else a copy. */
export function withoutCuts(bytes: Buffer, start: number, end: number, cuts: readonly number[]): Buffer {
  if (cuts.length === 0) return bytes.subarray(start, end);
  const pieces: Buffer[] = [];
  let from = start;
  for (let index = 0; index < cuts.length; index += 2) {
    pieces.push(bytes.subarray(from, cuts[index]));
    from = cuts[index + 1] as number;
  }
  pieces.push(bytes.subarray(from, end));
  return Buffer.concat(pieces);
}
