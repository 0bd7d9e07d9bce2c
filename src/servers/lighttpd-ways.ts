import { routingsOf } from "../spec/route-of.js";
import { changesTarget } from "../spec/route-target.js";
import type { Route, UpstreamRoute } from "../spec/route-types.js";
import type { Address, Compress, Server, Site, Spec, Upstream } from "../spec/types.js";
import { lightyRegex } from "./encode-lighttpd.js";
import { doorsOf, GATE_MARK } from "./gate-doors.js";
import { ident } from "./ident.js";
import { balanceName, isRewritten, moduleOf, rewriteName, sendfileRoots } from "./lighttpd-live.js";
import { fallbackName, FIELDS_NAME, routeName } from "./lighttpd-scripts.js";
import { activePath, hostsRegex } from "./lighttpd-sites.js";

type Values = Readonly<Record<string, unknown>>;

/** One server and one site of it. */
export interface Place {
  spec: Spec;
  server: Server;
  site: Site;
  /** Of the site, its own first. */
  upstreams: readonly Upstream[];
  /** The key of lighttpd's counters, which must be one of its own for each host of each block. */
  label: () => string;
}

/** Where the requests of a site go: those that no route takes, and the routes as blocks, of which the last that fits wins. */
export function waysOf(place: Place): { own: Values | null; routes: Values[] } {
  const { site, upstreams } = place;
  if (upstreams.length === 0 && site.routes.every(({ fallback }) => fallback === null))
    return { own: null, routes: [] };
  const own = upstreams.find(({ name }) => name === site.upstream);
  return { own: own === undefined ? null : wayTo(place, own, null), routes: routeBlocks(place) };
}

/** Conditions that must all hold, and what counts then. */
interface Block {
  conditions: Condition[];
  route: Route | UpstreamRoute;
}

interface Condition {
  variable: "host" | "url";
  /** A text to be equal to, or a regular expression. */
  isRegex: boolean;
  value: string;
}

function routeBlocks(place: Place): Values[] {
  const { site } = place;
  const routings = routingsOf(site);
  const blocks = new Map<string, Block>();
  for (const { hosts, routes } of routings) {
    const host: Condition[] =
      routings.length === 1
        ? []
        : [{ variable: "host", isRegex: true, value: hostsRegex(hosts, site.hosts) }];
    for (const route of routes.toReversed()) {
      for (const url of urlConditions(route)) {
        const conditions = [...host, url];
        const key = JSON.stringify(conditions);
        // Two blocks with the same conditions are one to lighttpd, which stands where it is first named.
        blocks.delete(key);
        blocks.set(key, { conditions, route });
      }
    }
  }
  return [...blocks.values()].map(({ conditions, route }) => ({
    conditions: conditions.map((condition) => ({ ...condition, variable: ident(condition.variable) })),
    way: "dir" in route ? wayToFiles(place, route) : wayOf(place, route),
  }));
}

/** A prefix as `^` and plain text: lighttpd (1.4.65 and newer) compares that byte by byte, all others as UTF-8. */
function urlConditions(route: Route | UpstreamRoute): Condition[] {
  const url = (isRegex: boolean, value: string): Condition => ({ variable: "url", isRegex, value });
  const below = (path: string): Condition => url(true, `^${lightyRegex(path)}`);
  if ("dir" in route) return [below(route.path)];
  const { match, value } = route.match;
  if (match === "exact") return [url(false, value)];
  if (match === "regex") return [url(true, value)];
  return value.endsWith("/") ? [below(value)] : [url(false, value), below(`${value}/`)];
}

function wayOf(place: Place, route: UpstreamRoute): Values {
  const upstream = place.upstreams.find(({ name }) => name === route.upstream);
  if (upstream === undefined) throw new Error(`no upstream ${route.upstream}`);
  return wayTo(place, upstream, changesTarget(route) ? routeName(place.site, route) : null);
}

/** @param script name of what runs for each request before it is passed on over HTTP */
function wayTo(place: Place, upstream: Upstream, script: string | null): Values {
  const { spec, server, site, upstreams, label } = place;
  const { protocol, cgi } = upstream;
  const module = moduleOf(protocol);
  const scripts = runsScripts(upstream);
  const door = doorsOf(spec, server, site).find((one) => one.upstream === upstream.name);
  return {
    ...wayOn(place, module, cgi === null ? script : FIELDS_NAME),
    files: false,
    module: ident(module),
    uwsgi: protocol === "uwsgi",
    scgi: protocol === "scgi" && upstreams.some((one) => one.protocol === "uwsgi"),
    balance: balanceName(upstream) ?? "round-robin",
    scripts,
    root: cgi?.root ?? "",
    index: cgi?.index ?? "",
    // By the prefix of a path, or by the end of a script's name.
    key: cgi === null ? "" : scripts ? (cgi.split[0] ?? "") : "/",
    aliases: extensionsOf(upstream),
    noAliases: upstreams.some(
      (one) => one !== upstream && moduleOf(one.protocol) === module && extensionsOf(one).length > 0,
    ),
    // All of the path is for the application, and there is no file.
    whole: cgi !== null && !scripts,
    params: cgi?.params ?? [],
    noParams: upstreams.some((one) => one !== upstream && (one.cgi?.params ?? []).length > 0),
    backends: upstream.backends.map((backend) => ({
      label: ident(label()),
      ...addressOf(backend),
      ...timesOf(upstream),
    })),
    door:
      door === undefined
        ? null
        : { label: ident(`fence-hold-${label()}`), path: door.path, field: ident(GATE_MARK.field) },
    active: activePath(spec, server, site),
    rewrite: isRewritten(site) ? filePath(place, rewriteName(site)) : null,
  };
}

function wayToFiles(place: Place, route: Route): Values {
  const { site } = place;
  const script = route.fallback === null ? null : fallbackName(site, route);
  return { ...wayOn(place, null, script), files: true, answers: answersPassScripts(place) };
}

/** What every way says, so that nothing stays of another one that fits the same request. */
function wayOn(place: Place, module: string | null, script: string | null): Values {
  const { site, upstreams } = place;
  const modules = [...new Set(upstreams.map(({ protocol }) => moduleOf(protocol)))];
  return {
    others: modules.filter((one) => one !== module).map(ident),
    plain: upstreams.some(runsScripts),
    script: script === null ? null : filePath(place, script),
    noScript:
      site.routes.some(({ fallback }) => fallback !== null) ||
      site.upstreamRoutes.some(changesTarget) ||
      upstreams.some(({ cgi }) => cgi !== null),
    sendfile: sendfileRoots(site),
    compress: site.compress === null ? null : mediaTypes(site.compress),
  };
}

function answersPassScripts({ spec, server, site }: Place): boolean {
  return isRewritten(site) || doorsOf(spec, server, site).length > 0;
}

function runsScripts({ cgi }: Upstream): boolean {
  return cgi !== null && cgi.root !== "" && cgi.split.length > 0;
}

/** Ends of scripts' names beside the first. */
function extensionsOf(upstream: Upstream): readonly string[] {
  return runsScripts(upstream) ? (upstream.cgi?.split ?? []).slice(1) : [];
}

function timesOf({ backends, connectTimeoutMs, readTimeoutMs, sendTimeoutMs, restMs }: Upstream): Values {
  return {
    connectSec: seconds(connectTimeoutMs),
    readSec: seconds(readTimeoutMs),
    sendSec: seconds(sendTimeoutMs),
    // With no other to go to, a backend that is back would be passed over for nothing.
    restSec: backends.length === 1 ? 0 : seconds(restMs),
  };
}

/** lighttpd counts whole seconds, and no more than 16 bits of them. */
function seconds(ms: number): number {
  return Math.min(65_535, Math.ceil(ms / 1000));
}

function addressOf(backend: Address): Values {
  return backend.kind === "tcp"
    ? { host: backend.host, port: backend.port, path: null }
    : { host: null, port: null, path: backend.path };
}

/** mod_deflate compares what a type begins with. */
function mediaTypes({ types }: Compress): string[] {
  return types.map((type) => type.replace(/\*$/, ""));
}

function filePath({ spec, server }: Place, name: string): string {
  return `${spec.outputDir}/${server.name}/${name}`;
}
