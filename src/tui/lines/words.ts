import type { Mode } from "../../base/mode.js";
import { spanText } from "../../base/time-text.js";
import type { Count, HeldLook, SiteLook } from "../types.js";
import type { Span, Style } from "./line.js";

const GLYPHS: Readonly<Record<Mode | "unknown", { unicode: string; ascii: string; style: Style }>> = {
  up: { unicode: "○", ascii: "o", style: "green" },
  down: { unicode: "●", ascii: "x", style: "yellow" },
  hold: { unicode: "◐", ascii: "=", style: "cyan" },
  unknown: { unicode: "?", ascii: "?", style: "red" },
};

/** A mode as glyph, word and colour. */
export function modeSpan(mode: Mode | "unknown", unicode: boolean): Span {
  const { style, ...glyphs } = GLYPHS[mode];
  return { text: `${unicode ? glyphs.unicode : glyphs.ascii} ${mode}`, style };
}

/** On how many servers it is proven that the site is as asked. */
export function proofSpan({ servers }: SiteLook, unicode: boolean): Span {
  const good = servers.filter(({ isVerified }) => isVerified).length;
  const share = `${good}/${servers.length}`;
  if (good === servers.length) return { text: `${unicode ? "✓" : "ok"} ${share}`, style: "green" };
  return { text: `! ${share}`, style: "red" };
}

/** What nobody counts is no 0. */
export function countText(count: Count | null, unicode: boolean): string {
  if (count === null) return "n/a";
  return `${count.isAtLeast ? (unicode ? "≥" : ">=") : ""}${count.value}`;
}

export function heldText(held: HeldLook | null): string {
  if (held === null) return "n/a";
  return held.oldestMs === null || held.count === 0
    ? String(held.count)
    : `${held.count}, the oldest for ${spanText(held.oldestMs)}`;
}

/** `in 17m 10s` */
export function untilText({ untilMs, isPast, mode }: SiteLook, nowMs: number): string {
  if (untilMs === null || (mode === "up" && !isPast)) return "-";
  return isPast || untilMs <= nowMs ? "passed" : `in ${spanText(untilMs - nowMs)}`;
}

export function forText({ sinceMs }: SiteLook, nowMs: number): string {
  return sinceMs === null ? "-" : spanText(nowMs - sinceMs);
}

/** `412`, `0.3`; null: not known (yet). */
export function rateText(perSec: number | null): string {
  if (perSec === null) return "n/a";
  return perSec >= 10 || Number.isInteger(perSec) ? String(Math.round(perSec)) : perSec.toFixed(1);
}
