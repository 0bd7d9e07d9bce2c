import { parseDuration } from "../base/duration.js";
import { LIMITS } from "./limits.js";

/** Why a single value is refused. */
export interface Problem {
  message: string;
  why?: string;
  fix?: string;
  /** The part of the string that is meant; absent: all of it. */
  at?: { offset: number; length: number };
}

/** Looks at one string; null: it is fine. */
export type Check = (value: string) => Problem | null;

/** Header fields that fence, or the server, sets itself in a maintenance answer. */
const OWN_HEADERS: readonly string[] = [
  "retry-after",
  "content-length",
  "content-type",
  "cache-control",
  "vary",
  "connection",
  "transfer-encoding",
  "date",
  "server",
  "keep-alive",
  "upgrade",
  "trailer",
  "te",
  "x-content-type-options",
  "access-control-allow-origin",
  "access-control-allow-methods",
  "access-control-allow-headers",
  "access-control-expose-headers",
];

/** Every string of the spec passes this one: no config language carries control characters safely. */
export const text: Check = (value) => {
  const control = /[\u0000-\u001f\u007f-\u009f]/.exec(value)?.[0];
  if (control !== undefined) {
    const code = `U+${control.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    return {
      message: `the value holds the control character ${code}`,
      why: "a control character can end a line or a string in a server's config or in a response header",
    };
  }
  if (/[\ud800-\udfff]/u.test(value))
    return { message: "the value holds half of a surrogate pair", why: "it cannot be written as UTF-8" };
  if (Buffer.byteLength(value) > LIMITS.textBytesMax)
    return { message: `the value is longer than ${LIMITS.textBytesMax} bytes` };
  return null;
};

/** `text` first, then the others in turn; the first problem counts. */
export function all(...checks: readonly Check[]): Check {
  return (value) => [text, ...checks].reduce<Problem | null>((found, check) => found ?? check(value), null);
}

export const nonEmpty: Check = (value) => (value === "" ? { message: "the value is empty" } : null);

export const duration: Check = (value) => {
  const ms = parseDuration(value);
  if (ms === null) {
    const fix = /^\d+$/.test(value)
      ? `write "${value}s" for seconds`
      : 'write a number with a unit, such as "500ms", "2s", "10m" or "1h30m"';
    return { message: `"${value}" is not a duration`, fix };
  }
  return ms > LIMITS.durationMsMax ? { message: "the duration is longer than 30 days" } : null;
};

/** Of a timer: more than nothing, and no more than a day. */
export const timeout: Check = (value) => {
  const ms = parseDuration(value) ?? 0;
  if (ms === 0)
    return { message: "the duration is 0", why: "nothing is ever done in no time", fix: 'write "1s"' };
  return ms > LIMITS.timeoutMsMax ? { message: "the duration is longer than 1 day" } : null;
};

export const wholeSeconds: Check = (value) =>
  (parseDuration(value) ?? 0) % 1000 === 0 && (parseDuration(value) ?? 0) > 0
    ? null
    : {
        message: `"${value}" is not a whole number of seconds`,
        why: "Retry-After counts in seconds (RFC 9110, 10.2.3)",
        fix: 'write "1s" or more',
      };

/** A URL path as clients send it after decoding: begins with `/`, no query, no dot segments, no empty segments. */
export const urlPath: Check = (value) => {
  if (!value.startsWith("/"))
    return { message: `path "${value}" does not begin with /`, fix: `write "/${value}"` };
  const sign = /[?#]/.exec(value)?.[0];
  if (sign !== undefined)
    return { message: `path "${value}" holds "${sign}"`, why: "a path is matched without its query" };
  if (value.includes("//"))
    return { message: `path "${value}" holds //`, why: "servers merge slashes before they match" };
  if (/\/\.\.?(?:\/|$)/.test(value))
    return {
      message: `path "${value}" holds a dot segment`,
      why: "servers resolve . and .. before they match",
    };
  if (/^\/\.well-known\/fence(?:\/|$)/.test(value))
    return { message: `path "${value}" is fence's own`, why: "fence asks there which mode is in force" };
  return null;
};

export const routePath: Check = (value) =>
  urlPath(value) ??
  (value.endsWith("/")
    ? null
    : {
        message: `route path "${value}" does not end with /`,
        why: "a route stands for a folder",
        fix: `write "${value}/"`,
      });

export const filePath: Check = (value) => (value === "" ? { message: "the path is empty" } : null);

export const headerName: Check = (value) =>
  /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(value) && value.length <= 64
    ? null
    : { message: `"${value}" is not a header name`, why: "a header name is a token (RFC 9110, 5.6.2)" };

export const ownHeaderName: Check = (value) =>
  headerName(value) ??
  (OWN_HEADERS.includes(value.toLowerCase())
    ? { message: `header ${value} is set by fence itself`, fix: "remove it" }
    : null);

export const origin: Check = (value) => {
  const isOrigin =
    URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) && new URL(value).origin === value;
  if (isOrigin) return null;
  const meant =
    /^https?:\/\/[^@]*$/i.test(value) && URL.canParse(value)
      ? new URL(value).origin
      : "https://app.example.com";
  return {
    message: `"${value}" is not an origin`,
    why: "browsers send scheme, host and port, nothing more, and no port that is the scheme's own",
    fix: `write "${meant}"`,
  };
};

/** Where a change is posted to. */
export const webhook: Check = (value) => {
  const fix = 'write "https://hooks.example.com/fence"';
  const refuse = (message: string, why: string): Problem => ({ message, why, fix });
  if (!/^https?:\/\/[^/\s]/.test(value) || !URL.canParse(value))
    return refuse(`"${value}" is not an http or https URL`, "fence posts there by itself");
  const { username, password, hash } = new URL(value);
  if (username !== "" || password !== "")
    return refuse("the URL holds a user name", "everyone may read a spec; a signature proves the sender");
  if (hash !== "" || !/^[\x21-\x7e]*$/.test(value))
    return refuse(
      "the URL holds a fragment, or characters that must be percent-encoded",
      "neither can be sent",
    );
  return null;
};

export const fallbackBase: Check = (value) => {
  const refuse = (message: string): Problem => ({
    message,
    why: "clients are sent to this address with the path put behind it",
    fix: 'write "https://bucket.s3.amazonaws.com" or "https://files.example.com/archive"',
  });
  if (!URL.canParse(value) || !/^https?:\/\/[^/]/.test(value))
    return refuse(`"${value}" is not an http or https URL`);
  const url = new URL(value);
  if (url.username !== "" || url.password !== "") return refuse("the URL holds a user name");
  if (/[?#\\]/.test(value)) return refuse('the URL holds "?", "#" or a backslash');
  if (value.endsWith("/"))
    return {
      message: `"${value}" ends with /`,
      why: "the appended path begins with one",
      fix: `write "${value.replace(/\/+$/, "")}"`,
    };
  if (!/^[\x21-\x7e]*$/.test(value))
    return {
      ...refuse("the URL holds characters that must be percent-encoded"),
      fix: `write "${url.href.replace(/\/+$/, "")}"`,
    };
  return null;
};
