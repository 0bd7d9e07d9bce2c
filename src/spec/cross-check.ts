import { GATE_NAME } from "../base/gate-name.js";
import { didYouMean, suggest } from "../base/suggest.js";
import { canonicalHost } from "./address-checks.js";
import { checkFolders } from "./folder-check.js";
import { checkListens, listenFindings, listenKey } from "./listen-check.js";
import { notifyFindings } from "./notify-cross-check.js";
import { pageFindings } from "./page-cross-check.js";
import { answerFindings, upstreamFindings } from "./proxy-cross-check.js";
import { referenceFinding, routeFindings } from "./route-cross-check.js";
import { entriesOf, itemsOf, tablesOf, valueAt } from "./raw.js";
import type { RawNotify } from "./schema-notify.js";
import type { RawUpstream } from "./schema-upstream.js";
import type { RawWorker } from "./schema-worker.js";
import type { RawListen, RawServer, RawSite, RawSpec } from "./schema.js";
import { SERVER_KINDS } from "./types.js";
import type { Problem } from "./value-checks.js";
import { workerFindings } from "./worker-cross-check.js";

/** A problem at a path of the spec, before it has a line. */
export interface Finding {
  path: readonly PropertyKey[];
  /** The key is wrong or lacks something, rather than the value. */
  atKey?: boolean;
  message: string;
  why: string | null;
  fix: string | null;
  /** The part of a string value that is meant. */
  at?: NonNullable<Problem["at"]>;
  /** There is more of something than fence takes: rules across values are not worth their time. */
  tooMany?: boolean;
}

/**
 * The rules that no single value can break alone. Also looks at specs whose shape is wrong elsewhere, and passes over
 * whatever is not there or is of another type.
 */
export function crossCheck(raw: Partial<RawSpec>, file: string): Finding[] {
  const servers = tablesOf<RawServer>(valueAt(raw, ["server"]));
  const sites = tablesOf<RawSite>(valueAt(raw, ["site"]));
  const upstreams = entriesOf(valueAt(raw, ["upstream"])).map(([name]) => name);
  const tables = tablesOf<RawUpstream>(valueAt(raw, ["upstream"]));
  const workers = tablesOf<RawWorker>(valueAt(raw, ["worker"]));
  const workerNames = workers.map(([name]) => name);
  return [
    ...required(raw),
    ...checkFolders(
      raw,
      servers.map(([name]) => name),
      file,
    ),
    ...listenFindings(servers, sites),
    ...checkListens(servers, sites),
    ...servers.flatMap(([name, server]) => serverFindings(name, server)),
    ...tables.flatMap(([name, upstream]) => upstreamFindings(name, upstream)),
    ...workerFindings(workers),
    ...notifyFindings(tablesOf<RawNotify>(valueAt(raw, ["notify"]))),
    ...sites.flatMap(([name, site]) => [
      ...siteFindings(name, site, servers, upstreams, workerNames),
      ...routeFindings(name, site, { upstreams: tables, workers }),
      ...answerFindings(name, site),
      ...pageFindings(name, site),
    ]),
    ...sharedHosts(sites, servers),
  ];
}

function required(raw: Partial<RawSpec>): Finding[] {
  const isEmpty = (key: "server" | "site"): boolean => {
    const value: unknown = raw[key];
    return (
      typeof value === "object" && value !== null && !Array.isArray(value) && entriesOf(value).length === 0
    );
  };
  const findings: Finding[] = [];
  if (isEmpty("server")) findings.push(noTable("server"));
  if (isEmpty("site")) findings.push(noTable("site"));
  return findings;
}

/** What a spec without servers or without sites is told. */
export function noTable(key: "server" | "site"): Finding {
  const [why, fix] =
    key === "server"
      ? ["there is no web server to write for", "add [server.web] with kind and listen"]
      : ["there is nothing to take down", "add [site.main] with hosts and upstream"];
  return { path: [key], atKey: true, message: `there is no [${key}.NAME]`, why, fix };
}

function serverFindings(name: string, server: RawServer): Finding[] {
  const { kind } = server;
  if (!SERVER_KINDS.includes(kind)) return [];
  const findings: Finding[] = [];
  if (name === GATE_NAME) {
    const why = "its files would stand where those of fence's own gate do";
    const message = `no server can be named ${GATE_NAME}`;
    findings.push({ path: ["server", name], atKey: true, message, why, fix: "give it another name" });
  }
  const useless = (key: keyof RawServer, why: string): void => {
    const message = `${key} means nothing for ${kind}`;
    findings.push({ path: ["server", name, key], atKey: true, message, why, fix: "remove it" });
  };
  if (server.stat_cache !== undefined && kind !== "lighttpd")
    useless("stat_cache", "it is lighttpd's server.stat-cache-engine");
  if (server.module_dir !== undefined && kind !== "nginx-lua")
    useless("module_dir", "only nginx-lua loads modules");
  if (kind === "proxy") return [...findings, ...proxyFindings(name, server)];
  if (server.access_log !== undefined)
    useless("access_log", "it is the proxy's; other servers have a log of their own");
  if (server.metrics !== undefined) useless("metrics", "only the proxy has figures to show");
  if (server.workers === 0 && kind !== "lighttpd") {
    const message = "nginx needs at least one worker";
    findings.push({ path: ["server", name, "workers"], message, why: null, fix: "write 1 or more" });
  }
  return findings;
}

/** The proxy is part of fence: most of what can be said of a web server has no meaning for it, or not yet. */
function proxyFindings(name: string, server: RawServer): Finding[] {
  const findings: Finding[] = [];
  const add = (key: string, message: string, why: string | null, fix: string, atKey: boolean): void => {
    findings.push({ path: ["server", name, key], atKey, message, why, fix });
  };
  if (server.program !== undefined)
    add("program", "program means nothing for proxy", "the proxy is part of fence", "remove it", true);
  if (server.config === "include") {
    const why = "there is no config of yours that could include fence's files";
    add("config", 'config = "include" means nothing for proxy', why, "remove it", false);
  }
  if (server.workers === 0)
    add("workers", "the proxy needs at least one worker", null, "write 1 or more", false);
  return findings;
}

function siteFindings(
  name: string,
  site: RawSite,
  servers: readonly [string, RawServer][],
  upstreams: readonly string[],
  workers: readonly string[],
): Finding[] {
  const findings: Finding[] = [];
  const add = (
    key: readonly PropertyKey[],
    message: string,
    why: string | null,
    fix: string | null,
    atKey = false,
  ): void => {
    findings.push({ path: ["site", name, ...key], message, why, fix, atKey });
  };
  const names = servers.map(([server]) => server);
  itemsOf<unknown>(site.servers).forEach((server, index) => {
    if (typeof server !== "string") return;
    if (!names.includes(server))
      add(["servers", index], `no server is named "${server}"`, null, didYouMean(server, names));
  });
  const reference = referenceFinding(name, ["upstream"], site.upstream, upstreams, workers);
  if (reference !== null) findings.push(reference);
  const serving = serversOf(site, servers);
  // The other configs are the user's own, with upstreams and certificates of their own.
  const written = serving.filter(([, { config }]) => config !== "include");
  const isOwn = serving.length > 0 && written.length === 0;
  // A misspelt `upstream` is told as such.
  const isMisspelt = Object.keys(site).some((key) => suggest(key, ["upstream", "route"]) !== null);
  if (site.upstream === undefined && itemsOf(site.route).length === 0 && !isMisspelt && !isOwn) {
    const why = "there is nothing it could answer when it is up";
    add(
      [],
      `[site.${name}] has neither an upstream nor a route`,
      why,
      `add upstream = "app" or [[site.${name}.route]]`,
      true,
    );
  }
  const isAsking = [site.upstream, ...itemsOf(site.route).map((one) => valueAt(one, ["upstream"]))].some(
    (one) => one !== undefined,
  );
  for (const key of ["rewrite", "sendfile"] as const) {
    if (site[key] === undefined || isAsking || isOwn) continue;
    const why = "it is about requests to backends and their answers, and the site has none";
    add([key], `${key} means nothing without an upstream`, why, 'add upstream = "app", or remove it', true);
  }
  if (site.listen !== undefined && serving.length > 1) {
    const message = `${serving.length} servers serve this site, and they cannot listen on the same addresses`;
    add(["listen"], message, null, "remove listen here and set it in each [server.NAME]", true);
  }
  if (site.tls === undefined && written.some(([, server]) => listensOf(site, server).some(isTls))) {
    const fix = 'add tls = { certificate = "/path/chain.pem", key = "/path/key.pem" }';
    add([], `[site.${name}] listens with TLS but has no certificate`, null, fix, true);
  }
  return findings;
}

/** On one server and one address, a host name belongs to one site. */
function sharedHosts(
  sites: readonly [string, RawSite][],
  servers: readonly [string, RawServer][],
): Finding[] {
  const findings: Finding[] = [];
  const seen = new Map<string, string>();
  for (const [name, site] of sites) {
    const places = serversOf(site, servers).flatMap(([server, value]) =>
      listensOf(site, value).map((listen) => `${server} ${listenKey(listen) ?? ""}`),
    );
    itemsOf<unknown>(site.hosts).forEach((raw, index) => {
      if (typeof raw !== "string") return;
      const host = canonicalHost(raw) ?? raw;
      const other = places.map((place) => seen.get(`${host} ${place}`)).find((owner) => owner !== undefined);
      for (const place of places) seen.set(`${host} ${place}`, name);
      if (other === undefined) return;
      const path = ["site", name, "hosts", index];
      findings.push(
        other === name
          ? { path, message: `host "${host}" is named twice in this site`, why: null, fix: "remove one" }
          : {
              path,
              message: `host "${host}" already belongs to [site.${other}]`,
              why: "a request for it could be of either site",
              fix: "name it in one of them, or let them listen on different addresses",
            },
      );
    });
  }
  return findings;
}

function serversOf(site: RawSite, servers: readonly [string, RawServer][]): readonly [string, RawServer][] {
  return servers.filter(([server]) => site.servers === undefined || itemsOf(site.servers).includes(server));
}

function listensOf(site: RawSite, server: RawServer): readonly RawListen[] {
  return itemsOf<RawListen>(site.listen ?? server.listen);
}

function isTls(listen: unknown): boolean {
  return valueAt(listen, ["tls"]) === true;
}
