import { fieldValue } from "../wire/field-value.js";

/** What a client can hold a file against. */
export interface Validators {
  /** Strong, with its quotes. */
  etag: string;
  /** Unix time in seconds. */
  modifiedSec: number;
}

/**
 * As nginx makes it; what is compressed by its name has that in it besides, so that no file and its compressed form have
 * the same.
 */
export function etagOf(path: string, modifiedSec: number, size: number): string {
  const coding = /\.(?:br|gz)$/.exec(path)?.[0].replace(".", "-") ?? "";
  return `"${modifiedSec.toString(16)}-${size.toString(16)}${coding}"`;
}

/** The conditions of a GET or HEAD, in the order of RFC 9110 section 13.2.2; 200 is "go on". */
export function conditionStatus(fields: string, { etag, modifiedSec }: Validators): 200 | 304 | 412 {
  const match = fieldValue(fields, "if-match");
  if (match !== null) {
    if (!lists(match, etag, false)) return 412;
  } else {
    const unmodified = secondsOf(fieldValue(fields, "if-unmodified-since"));
    if (unmodified !== null && modifiedSec > unmodified) return 412;
  }
  const noneMatch = fieldValue(fields, "if-none-match");
  if (noneMatch !== null) return lists(noneMatch, etag, true) ? 304 : 200;
  const since = secondsOf(fieldValue(fields, "if-modified-since"));
  return since !== null && modifiedSec <= since ? 304 : 200;
}

/** @param weak `W/"x"` counts as `"x"`, too */
function lists(list: string, etag: string, weak: boolean): boolean {
  if (list.trim() === "*") return true;
  return list.split(",").some((element) => {
    const text = element.trim();
    return text === etag || (weak && text === `W/${etag}`);
  });
}

function secondsOf(date: string | null): number | null {
  const time = date === null ? Number.NaN : Date.parse(date);
  return Number.isNaN(time) ? null : Math.floor(time / 1000);
}

/** Of the part that is asked for. */
export interface Part {
  first: number;
  /** Inclusive. */
  last: number;
}

/**
 * A single range of bytes (RFC 9110 section 14.1.2).
 * @returns "whole" when there is none, when there are several, and when If-Range does not hold
 */
export function partOf(
  fields: string,
  size: number,
  { etag, modifiedSec }: Validators,
): Part | "whole" | "none" {
  const range = fieldValue(fields, "range");
  if (range === null) return "whole";
  const condition = fieldValue(fields, "if-range");
  if (condition !== null && condition !== etag && secondsOf(condition) !== modifiedSec) return "whole";
  const match = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(range);
  const [, from = "", to = ""] = match ?? [];
  if (match === null || (from === "" && to === "")) return "whole";
  if (from === "") return suffixOf(Number(to), size);
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < first) return "whole";
  return first >= size ? "none" : { first, last };
}

function suffixOf(length: number, size: number): Part | "none" {
  if (length === 0 || size === 0) return "none";
  return { first: Math.max(0, size - length), last: size - 1 };
}
