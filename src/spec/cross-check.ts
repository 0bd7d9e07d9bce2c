import { suggest } from "../base/suggest.js";
import { buildListen } from "./build.js";
import type { RawListen, RawServer, RawSite, RawSpec } from "./schema.js";
import { canonicalHost, listenAddress } from "./value-checks.js";

/** A problem at a path of the spec, before it has a line. */
export interface Finding {
  path: readonly PropertyKey[];
  /** The key is wrong or lacks something, rather than the value. */
  atKey?: boolean;
  message: string;
  why: string | null;
  fix: string | null;
}

/**
 * The rules that no single value can break alone. Also looks at specs whose shape is wrong elsewhere, and passes over
 * whatever is not there or is of another type.
 */
export function crossCheck(raw: Partial<RawSpec>, file: string): Finding[] {
  const servers = entries<RawServer>(raw.server);
  const sites = entries<RawSite>(raw.site);
  const upstreams = entries(raw.upstream).map(([name]) => name);
  return [
    ...required(raw, servers, sites, file),
    ...sharedAddresses(servers),
    ...servers.flatMap(([name, server]) => serverFindings(name, server)),
    ...sites.flatMap(([name, site]) => siteFindings(name, site, servers, upstreams)),
    ...sharedHosts(sites, servers),
  ];
}

function required(raw: Partial<RawSpec>, servers: readonly unknown[], sites: readonly unknown[], file: string): Finding[] {
  const findings: Finding[] = [];
  const missing = (key: string, why: string, fix: string): void => {
    findings.push({ path: [key], atKey: true, message: `${file.split("/").pop()} has no [${key}.NAME]`, why, fix });
  };
  if (raw.server && servers.length === 0) missing("server", "there is no web server to write for", "add [server.web] with kind and listen");
  if (raw.site && sites.length === 0) missing("site", "there is nothing to take down", "add [site.main] with hosts and upstream");
  return findings;
}

function serverFindings(name: string, server: RawServer): Finding[] {
  const findings: Finding[] = [];
  const at = (key: string): readonly string[] => ["server", name, key];
  if (server.stat_cache !== undefined && server.kind !== "lighttpd") {
    findings.push({ path: at("stat_cache"), atKey: true, message: `stat_cache means nothing for ${server.kind}`, why: "it is lighttpd's server.stat-cache-engine", fix: "remove it" });
  }
  if (server.module_dir !== undefined && server.kind !== "nginx-lua") {
    findings.push({ path: at("module_dir"), atKey: true, message: `module_dir means nothing for ${server.kind}`, why: "only nginx-lua loads modules", fix: "remove it" });
  }
  if (server.workers === 0 && server.kind !== "lighttpd") {
    findings.push({ path: at("workers"), message: "nginx needs at least one worker", why: null, fix: "write 1 or more" });
  }
  return findings;
}

function sharedAddresses(servers: readonly [string, RawServer][]): Finding[] {
  const seen = new Map<string, string>();
  return servers.flatMap(([name, server]) =>
    items<RawListen>(server.listen).flatMap((raw, index) => {
      const key = listenKey(raw);
      if (key === null) return [];
      const other = seen.get(key);
      seen.set(key, name);
      if (other === undefined) return [];
      const whose = other === name ? "this server" : `[server.${other}]`;
      return [{ path: ["server", name, "listen", index], message: `${whose} already listens on ${key}`, why: "only one can have the address", fix: null }];
    }),
  );
}

function siteFindings(name: string, site: RawSite, servers: readonly [string, RawServer][], upstreams: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  const add = (key: readonly PropertyKey[], message: string, why: string | null, fix: string | null, atKey = false): void => {
    findings.push({ path: ["site", name, ...key], message, why, fix, atKey });
  };
  const names = servers.map(([server]) => server);
  items<string>(site.servers).forEach((server, index) => {
    if (!names.includes(server)) add(["servers", index], `no server is named "${server}"`, null, didYouMean(server, names));
  });
  if (typeof site.upstream === "string" && !upstreams.includes(site.upstream)) {
    add(["upstream"], `no upstream is named "${site.upstream}"`, null, didYouMean(site.upstream, upstreams));
  }
  if (site.upstream === undefined && items(site.route).length === 0) {
    add([], `[site.${name}] has neither an upstream nor a route`, "there is nothing it could answer when it is up", `add upstream = "app" or [[site.${name}.route]]`, true);
  }
  const serving = servers.filter(([server]) => site.servers === undefined || items<string>(site.servers).includes(server));
  if (site.listen !== undefined && serving.length > 1) {
    add(["listen"], `${serving.length} servers serve this site, and they cannot listen on the same addresses`, null, "remove listen here and set it in each [server.NAME]", true);
  }
  const listens = site.listen === undefined ? serving.flatMap(([, server]) => items<RawListen>(server.listen)) : items<RawListen>(site.listen);
  if (site.tls === undefined && listens.some((listen) => typeof listen === "object" && listen.tls === true)) {
    add([], `[site.${name}] listens with TLS but has no certificate`, null, 'add tls = { certificate = "/path/chain.pem", key = "/path/key.pem" }', true);
  }
  const seen = new Set<string>();
  items<{ path?: unknown }>(site.route).forEach((route, index) => {
    if (typeof route.path !== "string") return;
    if (seen.has(route.path)) add(["route", index, "path"], `two routes of this site have the path ${route.path}`, null, "remove one");
    seen.add(route.path);
  });
  return findings;
}

/** On one server and one address, a host name belongs to one site. */
function sharedHosts(sites: readonly [string, RawSite][], servers: readonly [string, RawServer][]): Finding[] {
  const findings: Finding[] = [];
  const seen = new Map<string, string>();
  for (const [name, site] of sites) {
    const own = servers.filter(([server]) => site.servers === undefined || items<string>(site.servers).includes(server));
    const places = own.flatMap(([server, { listen }]) => items<RawListen>(site.listen ?? listen).map((one) => `${server} ${listenKey(one) ?? ""}`));
    items<string>(site.hosts).forEach((raw, index) => {
      if (typeof raw !== "string") return;
      const host = canonicalHost(raw) ?? raw;
      const other = places.map((place) => seen.get(`${host} ${place}`)).find((owner) => owner !== undefined);
      for (const place of places) seen.set(`${host} ${place}`, name);
      if (other === undefined) return;
      const whose = other === name ? "is named twice in this site" : `already belongs to [site.${other}]`;
      findings.push({ path: ["site", name, "hosts", index], message: `host "${host}" ${whose}`, why: other === name ? null : "a request could be of either site", fix: "name it once" });
    });
  }
  return findings;
}

function listenKey(raw: RawListen): string | null {
  const text = typeof raw === "string" ? raw : raw?.address;
  if (typeof text !== "string" || listenAddress(text) !== null) return null;
  const { address, port } = buildListen(raw);
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function didYouMean(word: string, candidates: readonly string[]): string {
  const near = suggest(word, candidates);
  if (near !== null) return `did you mean "${near}"?`;
  return candidates.length === 0 ? "there is none yet" : `known: ${candidates.join(", ")}`;
}

function entries<T>(record: unknown): [string, T][] {
  if (typeof record !== "object" || record === null || Array.isArray(record)) return [];
  return Object.entries(record).filter(([, value]) => typeof value === "object" && value !== null && !Array.isArray(value)) as [string, T][];
}

function items<T>(list: unknown): readonly T[] {
  return Array.isArray(list) ? (list as T[]).filter((item) => item !== null && item !== undefined) : [];
}
