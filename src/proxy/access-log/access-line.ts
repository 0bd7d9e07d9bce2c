import { isoTime } from "../../base/clock.js";
import type { AccessRecord } from "./access-record.js";

/** Anything but printable ASCII: a terminal might act on it, and it could begin a line of its own. */
const NOT_PLAIN = /[^\x20-\x7e]/g;
/** The same with what ends a quoted part. */
const NOT_QUOTABLE = /[^\x20-\x7e]|["\\]/g;
/** The same with what ends a word. */
const NOT_WORD = /[^\x21-\x7e]|["\\]/g;

/** One JSON object. A byte beyond ASCII is `\u00XX`, for what clients send is bytes and not text. */
export function jsonLine(record: AccessRecord): string {
  const { timeMs, backendMs, userAgent, ...rest } = record;
  const line = JSON.stringify({
    time: isoTime(timeMs),
    ...rest,
    backend_ms: backendMs,
    user_agent: userAgent,
  });
  return `${line.replace(NOT_PLAIN, (character) => `\\u${hex(character, 4)}`)}\n`;
}

/**
 * Combined Log Format, and behind it: host, site, mode, milliseconds, backend, its milliseconds, reason. What is not
 * printable ASCII, `"` and `\` are `\xHH`, as nginx writes them; what is not there is `-`.
 */
export function combinedLine(record: AccessRecord): string {
  const { client, method, target, protocol, status, bytes, referer, userAgent } = record;
  const { host, site, mode, ms, backend, backendMs, reason } = record;
  const request = method === null ? "-" : `${method} ${target ?? ""} ${protocol ?? ""}`;
  return (
    `${word(client)} - - [${commonTime(record.timeMs)}] "${quoted(request)}" ${status} ${bytes} ` +
    `"${quoted(referer ?? "-")}" "${quoted(userAgent ?? "-")}" ` +
    `${word(host)} ${word(site)} ${word(mode)} ${ms} ${word(backend)} ${backendMs ?? "-"} ${word(reason)}\n`
  );
}

function quoted(text: string): string {
  return text.replace(NOT_QUOTABLE, (character) => `\\x${hex(character, 2)}`);
}

function word(text: string | null): string {
  return text === null || text === ""
    ? "-"
    : text.replace(NOT_WORD, (character) => `\\x${hex(character, 2)}`);
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).toUpperCase().padStart(digits, "0");
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `25/Nov/2026:04:38:12 +0000`. */
function commonTime(unixMs: number): string {
  const iso = isoTime(unixMs);
  const month = MONTHS[Number(iso.slice(5, 7)) - 1] ?? "";
  return `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}
