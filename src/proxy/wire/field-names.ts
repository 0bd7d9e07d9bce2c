import { spells } from "./bytes.js";

/** What the wire layer does with a field; all other fields are forwarded unseen. */
export type FieldKind =
  | "accel-redirect"
  | "connection"
  | "content-length"
  | "drop"
  | "expect"
  | "forwarded"
  | "host"
  | "sendfile"
  | "transfer-encoding"
  | "upgrade"
  | "websocket-accept"
  | "websocket-key"
  | "websocket-version"
  | "x-forwarded-for"
  | "x-forwarded-host"
  | "x-forwarded-port"
  | "x-forwarded-proto"
  | "x-forwarded-other";

interface Name {
  readonly name: string;
  readonly kind: FieldKind;
}

/** Names by first letter and length. */
export interface FieldNames {
  /** 0 = no name falls into this bucket: nothing more of it is looked at */
  readonly used: Uint8Array;
  readonly buckets: readonly (readonly Name[])[];
}

const LENGTH_MAX = 63;

function bucket(first: number, length: number): number {
  return ((length < LENGTH_MAX ? length : LENGTH_MAX) << 5) | (first & 31);
}

/** A name that ends with `*` stands for all that begin so. */
function fieldNames(kinds: Readonly<Record<string, FieldKind>>): FieldNames {
  const buckets: Name[][] = Array.from({ length: (LENGTH_MAX + 1) << 5 }, () => []);
  for (const [pattern, kind] of Object.entries(kinds)) {
    const prefix = pattern.endsWith("*");
    const name = prefix ? pattern.slice(0, -1) : pattern;
    for (let length = name.length; length <= (prefix ? LENGTH_MAX : name.length); length += 1)
      buckets[bucket(name.charCodeAt(0), length)]?.push({ name, kind });
  }
  return { used: Uint8Array.from(buckets, ({ length }) => Math.min(length, 1)), buckets };
}

const HOP_BY_HOP = {
  connection: "connection",
  "content-length": "content-length",
  "http2-settings": "drop",
  "keep-alive": "drop",
  "proxy-*": "drop",
  te: "drop",
  trailer: "drop",
  "transfer-encoding": "transfer-encoding",
  upgrade: "upgrade",
} as const;

/** `proxy` is dropped for the sake of CGI backends, which would take it for their HTTP_PROXY. */
export const REQUEST_NAMES = fieldNames({
  ...HOP_BY_HOP,
  expect: "expect",
  forwarded: "forwarded",
  host: "host",
  proxy: "drop",
  "sec-websocket-key": "websocket-key",
  "sec-websocket-version": "websocket-version",
  "x-forwarded-for": "x-forwarded-for",
  "x-forwarded-host": "x-forwarded-host",
  "x-forwarded-port": "x-forwarded-port",
  "x-forwarded-proto": "x-forwarded-proto",
  "x-forwarded-*": "x-forwarded-other",
  "x-real-ip": "drop",
});

export const RESPONSE_NAMES = fieldNames({
  ...HOP_BY_HOP,
  "sec-websocket-accept": "websocket-accept",
  "x-accel-redirect": "accel-redirect",
  "x-lighttpd-send-file": "sendfile",
  "x-sendfile": "sendfile",
});

/** The kind of the name at start, or null when it is not one of these names. */
export function kindOf(
  names: FieldNames,
  bytes: Uint8Array,
  start: number,
  length: number,
): FieldKind | null {
  const index = bucket(bytes[start] as number, length);
  if (names.used[index] === 0) return null;
  // the bucket has told the length already, but for the names that are prefixes
  for (const { name, kind } of names.buckets[index] as readonly Name[])
    if (spells(bytes, start, name)) return kind;
  return null;
}
