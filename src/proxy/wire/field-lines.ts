import { COLON, CR, LF, SP, TAB, TOKEN } from "./bytes.js";
import { type FieldKind, type FieldNames, kindOf } from "./field-names.js";
import { type RefusalReason } from "./refusals.js";
import { type Scan, type Stop, slice, stopAt, stopAtLineEnd } from "./scan.js";

/** Whether a line is forwarded, or why the head is refused. */
export type Verdict = "keep" | "drop" | RefusalReason;

/** Takes the fields that matter as the lines go by; the value may still have white space at its end. */
export interface FieldSink {
  take(kind: FieldKind, scan: Scan, valueStart: number, valueEnd: number): Verdict;
}

/** How one kind of message is read. */
export interface FieldRules {
  readonly names: FieldNames;
  readonly countMax: number;
  /** drop names with an underscore, which CGI would take for the name with a hyphen */
  readonly dropUnderscores: boolean;
}

export interface FieldLines {
  /** the lines to forward, each with its CRLF */
  readonly kept: string;
}

/**
 * Reads field lines from `scan.at` to the empty line, and moves `scan.at` behind it.
 * One pass; a string is made only for a run of lines between two that are dropped.
 */
export function readFieldLines(scan: Scan, rules: FieldRules, sink: FieldSink): FieldLines | Stop {
  const { bytes } = scan;
  const { names, dropUnderscores } = rules;
  let at = scan.at;
  let run = at;
  let kept = "";
  let count = 0;
  for (;;) {
    const nameStart = at;
    let flags = 0;
    let flag = 0;
    while ((flag = TOKEN[bytes[at] as number] as number) !== 0) {
      flags |= flag;
      at += 1;
    }
    if (bytes[at] !== COLON || at === nameStart) {
      if (at !== nameStart || bytes[at] !== CR) return stopAtName(scan, nameStart, at);
      if (bytes[at + 1] !== LF) return stopAt(scan, at + 1, "bare-cr");
      if (hasDelete(scan, at)) return "field-value";
      scan.at = at + 2;
      return { kept: run === at ? kept : kept + slice(scan, run, at) };
    }
    const nameEnd = at;
    at += 1;
    while (bytes[at] === SP || bytes[at] === TAB) at += 1;
    const valueStart = at;
    at = valueEndAt(bytes, at);
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return stopAtLineEnd(scan, at, "field-value");
    const valueEnd = at;
    at += 2;
    count += 1;
    if (count > rules.countMax) return "too-many-fields";
    const kind = kindOf(names, bytes, nameStart, nameEnd - nameStart);
    let verdict: Verdict = flags > 1 && dropUnderscores ? "drop" : "keep";
    if (kind !== null) verdict = sink.take(kind, scan, valueStart, valueEnd);
    if (verdict === "keep") continue;
    if (verdict !== "drop") return verdict;
    if (run !== nameStart) kept += slice(scan, run, nameStart);
    run = at;
  }
}

/**
 * The first byte from `start` that no value has; but for DEL, which hasDelete() looks for. Four bytes at a time: none of
 * them is a control character when no difference is negative.
 */
function valueEndAt(bytes: Uint8Array, start: number): number {
  let at = start;
  while (
    (((bytes[at] as number) - SP) |
      ((bytes[at + 1] as number) - SP) |
      ((bytes[at + 2] as number) - SP) |
      ((bytes[at + 3] as number) - SP)) >=
    0
  )
    at += 4;
  while ((bytes[at] as number) >= SP || bytes[at] === TAB) at += 1;
  return at;
}

/** Is there a DEL between the start of the field lines and here? */
function hasDelete(scan: Scan, end: number): boolean {
  const found = scan.text.indexOf("\x7f", scan.at - scan.base);
  return found >= 0 && found < end - scan.base;
}

function stopAtName(scan: Scan, nameStart: number, at: number): Stop {
  if (at >= scan.end) return "truncated";
  const byte = scan.bytes[at];
  if (byte === LF) return "bare-lf";
  return at === nameStart && (byte === SP || byte === TAB) ? "obs-fold" : "field-name";
}
