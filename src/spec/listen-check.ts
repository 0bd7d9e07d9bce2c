import { listenAddress } from "./address-checks.js";
import { buildListen } from "./build.js";
import type { Finding } from "./cross-check.js";
import { itemsOf } from "./raw.js";
import type { RawListen, RawServer, RawSite } from "./schema.js";
import type { Listen } from "./types.js";

/** One entry of a `listen` list. */
interface Entry extends Listen {
  server: string;
  kind: unknown;
  /** The list that it stands in, for a person: `[site.main]`. */
  list: string;
  path: readonly PropertyKey[];
}

const METRICS = "metrics";

/** An address belongs to one server, and there either to TLS or to plain text. */
export function checkListens(
  servers: readonly [string, RawServer][],
  sites: readonly [string, RawSite][],
): Finding[] {
  const byPort = new Map<number, Entry[]>();
  return entriesOf(servers, sites).flatMap((entry): Finding[] => {
    const seen = byPort.get(entry.port) ?? [];
    byPort.set(entry.port, seen);
    for (const other of seen) {
      const clash = clashOf(entry, other);
      if (clash !== null) return [{ path: entry.path, ...clash }];
    }
    seen.push(entry);
    return [];
  });
}

/** `address:port`, IPv6 in brackets; null for what is no listen. */
export function listenKey(raw: RawListen): string | null {
  const listen = readListen(raw);
  return listen === null ? null : textOf(listen);
}

/** Of two entries with the same port. */
function clashOf(entry: Entry, other: Entry): Pick<Finding, "message" | "why" | "fix"> | null {
  const same = entry.address === other.address;
  if (!same && !coversOther(entry.address, other.address)) return null;
  if (entry.server !== other.server) {
    const why = same
      ? "only one server can have an address"
      : `${textOf(other)} and ${textOf(entry)} overlap`;
    return {
      message: `[server.${other.server}] already listens on ${textOf(other)}`,
      why,
      fix: "give one of them another port",
    };
  }
  if (!same) {
    // nginx knows; lighttpd's second bind fails, and its config test does not bind.
    if (entry.kind !== "lighttpd") return null;
    const why = "lighttpd cannot bind an address that another of its sockets covers";
    return {
      message: `${textOf(other)} and ${textOf(entry)} overlap`,
      why,
      fix: "keep the one that covers both",
    };
  }
  if (entry.list === other.list) {
    return { message: `${entry.list} listens on ${textOf(entry)} twice`, why: null, fix: "remove one" };
  }
  if (entry.list === METRICS || other.list === METRICS) {
    const message = `${textOf(entry)} cannot be for requests and for metrics`;
    return { message, why: null, fix: "use another port" };
  }
  if (entry.tls === other.tls) return null;
  const why = `it is for ${other.tls ? "TLS" : "plain text"} in ${other.list}, and a socket can be one of both`;
  return {
    message: `${textOf(entry)} cannot be for ${entry.tls ? "TLS" : "plain text"} here`,
    why,
    fix: "use another port",
  };
}

function entriesOf(servers: readonly [string, RawServer][], sites: readonly [string, RawSite][]): Entry[] {
  return servers.flatMap(([server, { kind, listen, metrics }]) => {
    const names = servers.map(([name]) => name);
    // A list of its own belongs to a site on one server; on several it is told as a problem of another kind.
    const own = sites.filter(([, site]) => {
      const serving =
        site.servers === undefined ? names : names.filter((name) => itemsOf(site.servers).includes(name));
      return serving.length === 1 && serving[0] === server;
    });
    const read = (list: string, path: readonly string[], raws: unknown): Entry[] =>
      itemsOf<RawListen>(raws).flatMap((raw, index) => {
        const found = readListen(raw);
        return found === null ? [] : [{ ...found, server, kind, list, path: [...path, "listen", index] }];
      });
    return [
      ...read(`[server.${server}]`, ["server", server], listen),
      ...readMetrics(server, kind, metrics),
      ...own.flatMap(([site, value]) => read(`[site.${site}]`, ["site", site], value.listen)),
    ];
  });
}

/** It is not HTTP of a site: nothing else may listen there, the server itself included. */
function readMetrics(server: string, kind: unknown, metrics: unknown): Entry[] {
  const found = typeof metrics === "string" ? readListen(metrics) : null;
  if (found === null) return [];
  return [{ ...found, server, kind, list: METRICS, path: ["server", server, "metrics"] }];
}

function readListen(raw: unknown): Listen | null {
  const text = typeof raw === "string" ? raw : (raw as { address?: unknown } | null)?.address;
  if (typeof text !== "string" || listenAddress(text) !== null) return null;
  return buildListen(raw as RawListen);
}

/** One is the address that stands for all of its family, the other one of them. */
function coversOther(one: string, other: string): boolean {
  const isV6 = (address: string): boolean => address.includes(":");
  return isV6(one) === isV6(other) && ["0.0.0.0", "::"].some((all) => one === all || other === all);
}

function textOf({ address, port }: Listen): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
