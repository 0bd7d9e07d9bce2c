import type { CgiFault } from "./faults.js";
import { RECORD, RECORD_HEAD_BYTES, REQUEST_ID } from "./fastcgi-records.js";

/** Records without content in one answer: they are legal, and endless they would keep a request for ever. */
const IDLE_RECORDS_MAX = 1024;
const END_BYTES = 8;

/**
 * Reads the records of one answer after the other through the pieces in which they come. What a piece has of output is
 * told as offsets into it: nothing is copied.
 */
export class FastcgiDecoder {
  /** Offset pairs [from, to) of the output in the bytes last taken. */
  readonly stdout: number[] = [];
  /** The same of the error output. */
  readonly stderr: number[] = [];
  /** The record that ends the request has come, its padding included. */
  isDone = false;
  /** Of that record: the exit status of the application, and whether it took the request (0). */
  appStatus = 0;
  protocolStatus = 0;
  /** Bytes of a head, or of the record that ends the request, that lay on the border of two pieces. */
  private readonly partial = new Uint8Array(RECORD_HEAD_BYTES);
  private partialBytes = 0;
  /** Of the record under way; -1 = between two. */
  private type = -1;
  private content = 0;
  private padding = 0;
  private isOutputEnded = false;
  private idleRecords = 0;

  /** Makes ready for the next answer. */
  reset(): void {
    this.stdout.length = 0;
    this.stderr.length = 0;
    this.isDone = false;
    this.appStatus = 0;
    this.protocolStatus = 0;
    this.partialBytes = 0;
    this.type = -1;
    this.content = 0;
    this.padding = 0;
    this.isOutputEnded = false;
    this.idleRecords = 0;
  }

  /** @returns the offset after the last byte that belongs to the answer (`end` unless `isDone`), or what is wrong */
  take(bytes: Uint8Array, start: number, end: number): number | CgiFault {
    this.stdout.length = 0;
    this.stderr.length = 0;
    let at = start;
    while (!this.isDone) {
      if (this.type < 0) {
        if (at >= end) return at;
        at = this.gather(bytes, at, end);
        if (this.partialBytes < RECORD_HEAD_BYTES) return at;
        this.partialBytes = 0;
        const fault = this.beginRecord();
        if (fault !== null) return fault;
      }
      if (this.content > 0) {
        if (at >= end) return at;
        at = this.takeContent(bytes, at, end);
        if (this.content > 0) return at;
      }
      const skipped = Math.min(this.padding, end - at);
      at += skipped;
      this.padding -= skipped;
      if (this.padding > 0) return at;
      this.isDone = this.type === RECORD.end;
      this.type = -1;
    }
    return at;
  }

  /** Adds to the eight bytes that are looked at together. */
  private gather(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.partialBytes < RECORD_HEAD_BYTES) {
      this.partial[this.partialBytes] = bytes[at] as number;
      this.partialBytes += 1;
      at += 1;
    }
    return at;
  }

  private beginRecord(): CgiFault | null {
    const { partial } = this;
    const type = partial[1] as number;
    const id = ((partial[2] as number) << 8) | (partial[3] as number);
    if (partial[0] !== 1) return "record-version";
    this.type = type;
    this.content = ((partial[4] as number) << 8) | (partial[5] as number);
    this.padding = partial[6] as number;
    const isManagement = type === RECORD.getValuesResult || type === RECORD.unknownType;
    if (!isManagement && type !== RECORD.stdout && type !== RECORD.stderr && type !== RECORD.end)
      return "record-type";
    if (id !== (isManagement ? 0 : REQUEST_ID)) return "record-request";
    if (type === RECORD.end) return this.content === END_BYTES ? null : "record-length";
    if (isManagement || this.content === 0) {
      this.idleRecords += 1;
      if (this.idleRecords > IDLE_RECORDS_MAX) return "records-idle";
    }
    if (type !== RECORD.stdout) return null;
    if (this.isOutputEnded && this.content > 0) return "record-after-end";
    if (this.content === 0) this.isOutputEnded = true;
    return null;
  }

  private takeContent(bytes: Uint8Array, start: number, end: number): number {
    if (this.type === RECORD.end) {
      const at = this.gather(bytes, start, end);
      this.content -= at - start;
      if (this.content === 0) this.readEnd();
      return at;
    }
    const stop = Math.min(end, start + this.content);
    this.content -= stop - start;
    if (this.type === RECORD.stdout) this.stdout.push(start, stop);
    else if (this.type === RECORD.stderr) this.stderr.push(start, stop);
    return stop;
  }

  private readEnd(): void {
    const view = new DataView(this.partial.buffer);
    this.appStatus = view.getUint32(0);
    this.protocolStatus = view.getUint8(4);
    this.partialBytes = 0;
  }
}
