import { CR, LF, SP, TAB, latin1 } from "./bytes.js";
import type { RefusalReason } from "./refusals.js";

/** What stopped a scan; "truncated" = the bytes ended first. */
export type Stop = RefusalReason | "truncated";

/** Most heads are shorter: so much is made a string at first when the bytes go on after the head. */
const FIRST_SLICE = 2_048;

/** Values are looked at four bytes at a time. */
const SENTINEL_BYTES = 4;

const END = "\r\n\r\n";

/**
 * One head under the scan. Its loops look at no bound: they stop at the bytes that no table has, and one is certain to
 * come, either the CR LF CR LF that was found before or the NULs that were put behind a copy of what is there so far.
 */
export interface Scan {
  readonly bytes: Uint8Array;
  /** the bytes from `base` to `end` as a string: text[i - base] is bytes[i] */
  readonly text: string;
  readonly base: number;
  /** nothing from here on belongs to the scan */
  readonly end: number;
  /** where the next line begins */
  at: number;
}

/** Makes a scan of what lies between start and end. */
export function openScan(bytes: Uint8Array, start: number, end: number, headBytesMax: number): Scan {
  const limit = Math.min(end, start + headBytesMax);
  if (limit - start <= FIRST_SLICE && endsHead(bytes, start, limit))
    return { bytes, text: latin1(bytes, start, limit), base: start, end: limit, at: start };
  let text = latin1(bytes, start, Math.min(limit, start + FIRST_SLICE));
  let found = text.indexOf(END);
  if (found < 0 && limit - start > FIRST_SLICE) {
    text = latin1(bytes, start, limit);
    found = text.indexOf(END);
  }
  if (found >= 0) return { bytes, text, base: start, end: start + found + END.length, at: start };
  const copy = new Uint8Array(limit - start + SENTINEL_BYTES);
  copy.set(bytes.subarray(start, limit));
  return { bytes: copy, text, base: 0, end: limit - start, at: 0 };
}

function endsHead(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    end - start >= 4 &&
    bytes[end - 1] === LF &&
    bytes[end - 2] === CR &&
    bytes[end - 3] === LF &&
    bytes[end - 4] === CR
  );
}

/** The part of the scan's text between two offsets. */
export function slice(scan: Scan, start: number, end: number): string {
  return scan.text.slice(start - scan.base, end - scan.base);
}

/** The reason, unless the scan stands at the end of the bytes: then nothing is known yet. */
export function stopAt(scan: Scan, at: number, reason: RefusalReason): Stop {
  return at >= scan.end ? "truncated" : reason;
}

/** Why a line does not end at this offset, where CR LF should be. */
export function stopAtLineEnd(scan: Scan, at: number, reason: RefusalReason): Stop {
  if (at >= scan.end) return "truncated";
  if (scan.bytes[at] === LF) return "bare-lf";
  if (scan.bytes[at] !== CR) return reason;
  return stopAt(scan, at + 1, "bare-cr");
}

/** A field value without the white space around it. */
export function valueText(scan: Scan, start: number, end: number): string {
  const { bytes } = scan;
  let last = end;
  while (last > start && isSpace(bytes[last - 1] as number)) last -= 1;
  return slice(scan, start, last);
}

function isSpace(byte: number): boolean {
  return byte === SP || byte === TAB;
}
