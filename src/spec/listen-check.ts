import { listenAddress } from "./address-checks.js";
import { buildListen } from "./build.js";
import type { Finding } from "./cross-check.js";
import { itemsOf, valueAt } from "./raw.js";
import type { RawListen, RawServer, RawSite } from "./schema.js";
import { SERVER_KINDS, type Listen, type ServerKind, type TcpListen } from "./types.js";

/** One entry of a `listen` list. */
interface Entry {
  listen: Listen;
  server: string;
  kind: ServerKind;
  /** The list that it stands in, for a person: `[site.main]`. */
  list: string;
  path: readonly PropertyKey[];
}

const METRICS = "metrics";

/** An address belongs to one server, and is there the same for all. */
export function checkListens(
  servers: readonly [string, RawServer][],
  sites: readonly [string, RawSite][],
): Finding[] {
  const byPlace = new Map<number | string, Entry[]>();
  return entriesOf(servers, sites).flatMap((entry): Finding[] => {
    const { listen } = entry;
    const place = listen.kind === "tcp" ? listen.port : listen.path;
    const seen = byPlace.get(place) ?? [];
    byPlace.set(place, seen);
    for (const other of seen) {
      const clash = clashOf(entry, other);
      if (clash !== null) return [{ path: entry.path, ...clash }];
    }
    seen.push(entry);
    return [];
  });
}

/** What one entry asks for and cannot have. */
export function listenFindings(
  servers: readonly [string, RawServer][],
  sites: readonly [string, RawSite][],
): Finding[] {
  const lists = [
    ...servers.map(([name, { listen }]) => [["server", name, "listen"], listen] as const),
    ...sites.map(([name, { listen }]) => [["site", name, "listen"], listen] as const),
  ];
  return lists.flatMap(([path, list]) =>
    itemsOf<unknown>(list).flatMap((raw, index): Finding[] => {
      const [isTls, isHttp2] = [valueAt(raw, ["tls"]) === true, valueAt(raw, ["http2"]) === true];
      const add = (key: string, message: string, fix: string): Finding[] => [
        { path: [...path, index, key], message, why: null, fix },
      ];
      if (isTls && String(valueAt(raw, ["address"])).startsWith("unix:"))
        return add("tls", "a unix socket cannot be for TLS", "remove tls, or listen on an address");
      if (isHttp2 && !isTls) return add("http2", "http2 needs tls = true", "add tls = true, or remove http2");
      return [];
    }),
  );
}

/** `address:port`, IPv6 in brackets, or `unix:/path`; null for what is no listen. */
export function listenKey(raw: RawListen): string | null {
  // What it is called does not depend on the kind of the server.
  const listen = readListen(raw, "proxy");
  return listen === null ? null : textOf(listen);
}

/** Of two entries with the same port or path. */
function clashOf(entry: Entry, other: Entry): Pick<Finding, "message" | "why" | "fix"> | null {
  const [name, otherName] = [textOf(entry.listen), textOf(other.listen)];
  const same = name === otherName;
  if (!same && !coversOther(entry.listen, other.listen)) return null;
  if (entry.server !== other.server) {
    const why = same ? "only one server can have an address" : `${otherName} and ${name} overlap`;
    return {
      message: `[server.${other.server}] already listens on ${otherName}`,
      why,
      fix: "give one of them another port",
    };
  }
  if (!same) {
    // nginx knows; lighttpd's second bind fails, and its config test does not bind.
    if (entry.kind !== "lighttpd") return null;
    const why = "lighttpd cannot bind an address that another of its sockets covers";
    return {
      message: `${otherName} and ${name} overlap`,
      why,
      fix: "keep the one that covers both",
    };
  }
  if (entry.list === other.list) {
    return { message: `${entry.list} listens on ${name} twice`, why: null, fix: "remove one" };
  }
  if (entry.list === METRICS || other.list === METRICS) {
    const message = `${name} cannot be for requests and for metrics`;
    return { message, why: null, fix: "use another port" };
  }
  for (const says of TRAITS) {
    if (says(entry.listen) === says(other.listen)) continue;
    const why = `it is for ${says(other.listen)} in ${other.list}, and a socket can be one of both`;
    return { message: `${name} cannot be for ${says(entry.listen)} here`, why, fix: "use another port" };
  }
  return null;
}

/** What all entries of one socket must agree on, and what each says of it. */
const TRAITS: readonly ((listen: Listen) => string)[] = [
  ({ tls }) => (tls ? "TLS" : "plain text"),
  ({ http2 }) => (http2 ? "HTTP/2" : "HTTP/1.1 alone"),
  ({ proxyProtocol }) => (proxyProtocol ? "the PROXY protocol" : "clients without the PROXY protocol"),
];

function entriesOf(servers: readonly [string, RawServer][], sites: readonly [string, RawSite][]): Entry[] {
  return servers.flatMap(([server, { kind: rawKind, listen, metrics }]) => {
    const kind = SERVER_KINDS.find((known) => known === rawKind) ?? "proxy";
    const names = servers.map(([name]) => name);
    // A list of its own belongs to a site on one server; on several it is told as a problem of another kind.
    const own = sites.filter(([, site]) => {
      const serving =
        site.servers === undefined ? names : names.filter((name) => itemsOf(site.servers).includes(name));
      return serving.length === 1 && serving[0] === server;
    });
    const read = (list: string, path: readonly string[], raws: unknown): Entry[] =>
      itemsOf<RawListen>(raws).flatMap((raw, index) => {
        const found = readListen(raw, kind);
        return found === null
          ? []
          : [{ listen: found, server, kind, list, path: [...path, "listen", index] }];
      });
    return [
      ...read(`[server.${server}]`, ["server", server], listen),
      ...readMetrics(server, kind, metrics),
      ...own.flatMap(([site, value]) => read(`[site.${site}]`, ["site", site], value.listen)),
    ];
  });
}

/** It is not HTTP of a site: nothing else may listen there, the server itself included. */
function readMetrics(server: string, kind: ServerKind, metrics: unknown): Entry[] {
  const listen = typeof metrics === "string" ? readListen(metrics, kind) : null;
  if (listen === null) return [];
  return [{ listen, server, kind, list: METRICS, path: ["server", server, "metrics"] }];
}

function readListen(raw: unknown, kind: ServerKind): Listen | null {
  const text = typeof raw === "string" ? raw : (raw as { address?: unknown } | null)?.address;
  if (typeof text !== "string" || listenAddress(text) !== null) return null;
  return buildListen(raw as RawListen, kind);
}

/** One is the address that stands for all of its family, the other one of them. */
function coversOther(one: Listen, other: Listen): boolean {
  if (one.kind !== "tcp" || other.kind !== "tcp") return false;
  const isV6 = ({ address }: TcpListen): boolean => address.includes(":");
  const isAll = ({ address }: TcpListen): boolean => address === "0.0.0.0" || address === "::";
  return isV6(one) === isV6(other) && (isAll(one) || isAll(other));
}

function textOf(listen: Listen): string {
  if (listen.kind === "unix") return `unix:${listen.path}`;
  const { address, port } = listen;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
