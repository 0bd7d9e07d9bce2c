import { didYouMean } from "../base/suggest.js";
import { canonicalHost } from "./address-checks.js";
import { buildPathRule, withoutSlash } from "./build-route.js";
import { upstreamOfWorker, workerNamed } from "./build-worker.js";
import type { Finding } from "./cross-check.js";
import { itemsOf, valueAt } from "./raw.js";
import type { RawUpstream } from "./schema-upstream.js";
import type { RawWorker } from "./schema-worker.js";
import type { RawRoute, RawSite } from "./schema.js";
import { routePath } from "./value-checks.js";

interface Known {
  upstreams: readonly [string, RawUpstream][];
  workers: readonly [string, RawWorker][];
}

const FILE_KEYS = ["fallback", "precompressed"] as const;
const UPSTREAM_KEYS = ["hosts", "strip_prefix", "add_prefix"] as const;

/** An upstream, or `worker:NAME`, that there is not. @returns null: there is, or it is no text */
export function referenceFinding(
  site: string,
  key: readonly PropertyKey[],
  named: unknown,
  upstreams: readonly string[],
  workers: readonly string[],
): Finding | null {
  if (typeof named !== "string") return null;
  const refuse = (message: string, fix: string): Finding => ({
    path: ["site", site, ...key],
    message,
    why: null,
    fix,
  });
  const worker = workerNamed(named);
  if (worker === null)
    return upstreams.includes(named)
      ? null
      : refuse(`no upstream is named "${named}"`, didYouMean(named, upstreams));
  if (!workers.includes(worker)) return refuse(`no worker is named "${worker}"`, didYouMean(worker, workers));
  const twin = upstreamOfWorker(worker);
  return upstreams.includes(twin)
    ? refuse(
        `[upstream.${twin}] has the name that [site.${site}] gives to its worker`,
        "give the upstream another name",
      )
    : null;
}

/** Keys of a route that mean nothing without, or beside, another, and routes that no request ever reaches. */
export function routeFindings(name: string, site: RawSite, known: Known): Finding[] {
  const routes = itemsOf<RawRoute | null>(site.route);
  return routes.flatMap((route, index) => {
    if (typeof route !== "object" || route === null || Array.isArray(route)) return [];
    const findings: Finding[] = [];
    const add: Add = (key, message, why, fix, atKey = false) =>
      void findings.push({ path: ["site", name, "route", index, ...key], message, why, fix, atKey });
    shapeFindings(route, add);
    if (route.dir === undefined) upstreamFindings(name, site, index, route, known, add, findings);
    reachFindings(routes.slice(0, index), route, add);
    return findings;
  });
}

type Add = (
  key: readonly PropertyKey[],
  message: string,
  why: string | null,
  fix: string | null,
  atKey?: boolean,
) => void;

/** A route stands for files or for an upstream. */
function shapeFindings(route: RawRoute, add: Add): void {
  const { dir, upstream, path } = route;
  if (dir === undefined && upstream === undefined)
    return add(
      [],
      "the route has neither dir nor upstream",
      null,
      'add dir = "/srv/www" or upstream = "app"',
      true,
    );
  if (dir !== undefined && upstream !== undefined)
    add(
      ["upstream"],
      "the route has both dir and upstream",
      "a request goes to one of them",
      "remove one",
      true,
    );
  const [others, what] = dir === undefined ? [FILE_KEYS, "dir"] : [UPSTREAM_KEYS, "upstream"];
  for (const key of others) {
    if (route[key] !== undefined) add([key], `${key} means nothing without ${what}`, null, "remove it", true);
  }
  if (dir === undefined) return;
  if (typeof path === "string") {
    const problem = routePath(path);
    // What any path must be was told with its own value.
    if (problem !== null && path.startsWith("/") && !path.endsWith("/"))
      add(["path"], problem.message, problem.why ?? null, problem.fix ?? null);
  } else if (path !== undefined)
    add(
      ["path"],
      "the path of a route to files is a prefix",
      "it stands for a folder",
      'write path = "/static/"',
    );
}

function upstreamFindings(
  name: string,
  site: RawSite,
  index: number,
  route: RawRoute,
  { upstreams, workers }: Known,
  add: Add,
  findings: Finding[],
): void {
  const names = <T>(tables: readonly [string, T][]): string[] => tables.map(([one]) => one);
  const key = ["route", index, "upstream"];
  const reference = referenceFinding(name, key, route.upstream, names(upstreams), names(workers));
  if (reference !== null) findings.push(reference);
  const hosts = itemsOf<unknown>(site.hosts).map(canonical);
  itemsOf<unknown>(route.hosts).forEach((host, at) => {
    if (typeof host !== "string" || hosts.includes(canonical(host))) return;
    const message = `host "${host}" is none of this site's`;
    add(
      ["hosts", at],
      message,
      "a route takes requests of its site alone",
      didYouMean(host, hosts.map(String)),
    );
  });
  if (route.strip_prefix === true && isOther(route.path)) {
    const why = "there is no prefix that could be taken off";
    add(["strip_prefix"], "strip_prefix is for a prefix", why, "remove it", true);
  }
  const protocol = protocolOf(route.upstream, upstreams, workers);
  for (const changes of ["strip_prefix", "add_prefix"] as const) {
    if (route[changes] === undefined || protocol === "http") continue;
    const why = "a program behind CGI is told the path that the client asked for";
    add([changes], `${changes} is for upstreams that speak HTTP`, why, "remove it", true);
  }
}

/** What is not there, or is of no known protocol, was told. */
function protocolOf(named: unknown, upstreams: Known["upstreams"], workers: Known["workers"]): unknown {
  if (typeof named !== "string") return "http";
  const worker = workerNamed(named);
  if (worker === null) return valueAt(upstreams.find(([one]) => one === named)?.[1], ["protocol"]) ?? "http";
  const table = workers.find(([one]) => one === worker)?.[1];
  return table === undefined ? "http" : (table.protocol ?? "fastcgi");
}

/** Told of the later of two: the earlier takes all that it could. */
function reachFindings(before: readonly (RawRoute | null)[], route: RawRoute, add: Add): void {
  const own = ruleOf(route);
  if (own === null) return;
  const covering = before.filter((one) => one !== null && ruleOf(one) !== null && covers(one, route));
  const isFiles = (one: RawRoute | null): boolean => one?.dir !== undefined;
  if (covering.some((one) => one !== null && ruleOf(one) === own))
    return add(["path"], `two routes of this site have the path ${shown(route)}`, null, "remove one");
  // Where one is for files, whose prefix does not take itself, half of the other would be left.
  if (before.some((one) => one !== null && ruleOf(one) === own && (isFiles(one) || isFiles(route))))
    add(["path"], `two routes of this site have the path ${shown(route)}`, null, "remove one");
}

/** Whether all hosts of the later one are those of the earlier one, too. */
function covers(earlier: RawRoute, later: RawRoute): boolean {
  if (earlier.hosts === undefined) return true;
  const hosts = itemsOf<unknown>(earlier.hosts).map(canonical);
  return (
    later.hosts !== undefined &&
    itemsOf<unknown>(later.hosts).every((host) => hosts.includes(canonical(host)))
  );
}

/** What of a path can be compared; null: it is no path. */
function ruleOf({ path }: RawRoute): string | null {
  const isText = (value: unknown): value is string => typeof value === "string";
  if (isText(path)) return `prefix ${withoutSlash(path)}`;
  const [value] = Object.values((path as object | undefined) ?? {}) as unknown[];
  if (!isText(value)) return null;
  const rule = buildPathRule(path);
  return `${rule.match} ${rule.value}`;
}

function shown({ path }: RawRoute): string {
  return typeof path === "string" ? path : String(Object.values(path)[0]);
}

function isOther(path: unknown): boolean {
  return valueAt(path, ["exact"]) !== undefined || valueAt(path, ["regex"]) !== undefined;
}

function canonical(host: unknown): unknown {
  return typeof host === "string" ? (canonicalHost(host) ?? host) : host;
}
