import type { WebServerKind } from "../../src/spec/types.js";
import type { LimitName } from "./limits.js";

/** One request and what must come of it, on every kind of server. */
export interface Case {
  /** A sentence without its full stop; with the topic it is the name of a row of docs/parity.md. */
  name: string;
  /** A site of sites.ts; the host is `<site>.test`. */
  site: string;
  /** Request line, by default `GET / HTTP/1.1`; `GET /x` alone is HTTP/1.1. */
  ask?: string;
  /** Field lines; Host and Connection are given. */
  fields?: readonly string[];
  /** Another Host; null: none. */
  host?: string | null;
  body?: string;
  /** Address of the client; default 127.0.0.1. */
  from?: string;
  /** All of the request as it is sent, in place of everything above. */
  raw?: string;
  expect: Expect;
  /** Kinds that answer otherwise: which documented limit that is, and what they answer in place of what is expected. */
  limits?: Partial<Record<WebServerKind, readonly [LimitName, Partial<Expect>]>>;
}

/** null: not there. */
export type Text = string | RegExp | null;

export interface Expect {
  /** null: any 4xx. */
  status: number | null;
  /** Names in lower case. Of a Location on the host that was asked, the path. */
  headers?: Readonly<Record<string, Text | readonly string[]>>;
  body?: Text;
  /** What the backend says it received. */
  seen?: Seen;
  /** The backend has received nothing. */
  unseen?: boolean;
  /** Of a topic that waits: whether it has no answer before the release. */
  waits?: boolean;
}

export interface Seen {
  method?: Text;
  url?: Text;
  headers?: Readonly<Record<string, Text>>;
  body?: Text;
}

export interface Topic {
  title: string;
  /** Its requests are sent while their sites are held, all at once, and answered once these are released. */
  isReleased?: true;
  cases: readonly Case[];
}

/** Fields of a WebSocket handshake. */
export const HANDSHAKE = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/** The same limit of both kinds of nginx. */
export function ofNginx(name: LimitName, expect: Partial<Expect>): NonNullable<Case["limits"]> {
  return { "nginx-lua": [name, expect], nginx: [name, expect] };
}
