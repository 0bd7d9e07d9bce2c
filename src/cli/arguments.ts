import { Argument, InvalidArgumentError, Option } from "commander";
import { parseDuration as durationOf } from "../base/duration.js";
import { isMode, MODES, type Mode } from "../base/mode.js";
import { FenceError } from "../base/errors.js";
import { LIMITS } from "../spec/limits.js";
import { suggest } from "../base/suggest.js";

/** A duration with its unit, e.g. `500ms`, `20m`, `1h30m`, in milliseconds. */
export function parseDuration(text: string): number {
  const ms = durationOf(text);
  if (ms === null) throw new InvalidArgumentError("Write it with its unit: 500ms, 30s, 20m, 1h30m.");
  return ms;
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** A point in time with its offset, e.g. `2026-11-25T14:30:00Z`, as Unix milliseconds. */
export function parseTime(text: string): number {
  const time = RFC3339.test(text) ? Date.parse(text.replace(" ", "T").toUpperCase()) : Number.NaN;
  if (Number.isNaN(time))
    throw new InvalidArgumentError("Write it like 2026-11-25T14:30:00Z or 2026-11-25T15:30:00+01:00.");
  return time;
}

/** A whole number from `min` up. */
export function parseCount(min: number): (text: string) => number {
  return (text) => {
    if (!/^\d{1,9}$/.test(text) || Number(text) < min)
      throw new InvalidArgumentError(`It must be a whole number from ${min} up.`);
    return Number(text);
  };
}

/** @throws FenceError `usage` */
export function modeArgument(word: string | undefined): Mode {
  if (isMode(word)) return word;
  const near = word === undefined ? null : suggest(word, MODES);
  throw new FenceError("usage", `${JSON.stringify(word ?? "")} is no mode`, {
    hint: `${near === null ? "" : `did you mean ${near}? `}the modes are ${MODES.join(", ")}`,
  });
}

/**
 * An argument that is one of these words: they are what a shell completes. The handler refuses any other word itself,
 * with a suggestion, which commander has none of.
 */
export function oneOf(usage: string, words: readonly string[]): Argument {
  const argument = new Argument(usage);
  argument.argChoices = [...words];
  return argument;
}

/** An option with a parsed value. */
export function option<T>(flags: string, description: string, parse: (text: string) => T): Option {
  return new Option(flags, description).argParser(parse);
}

/** Text that clients or the history show: one line, no control characters. */
export function parseText(text: string): string {
  const trimmed = text.trim();
  if (Buffer.byteLength(trimmed) > LIMITS.textBytesMax) {
    throw new InvalidArgumentError(`It may have at most ${LIMITS.textBytesMax} bytes.`);
  }
  if (/\p{Cc}/u.test(trimmed))
    throw new InvalidArgumentError("It may not hold line ends or other control characters.");
  return trimmed;
}
