import { canonicalHost } from "./address-checks.js";
import { upstreamOfWorker, workerNamed } from "./build-worker.js";
import { DEFAULTS } from "./defaults.js";
import type { RawRoute, RawSite } from "./schema.js";
import type { PathRule, Route, UpstreamRoute } from "./route-types.js";

type RawRule = RawRoute["path"];

/** What a site names as an upstream, workers too. */
export function namedUpstreams({ upstream, route = [] }: RawSite): string[] {
  return [upstream, ...route.map((one) => one.upstream)].filter((name) => name !== undefined);
}

export function buildFileRoute(raw: RawRoute, path: (value: string) => string): Route[] {
  if (raw.dir === undefined || typeof raw.path !== "string") return [];
  const append = raw.fallback?.append ?? DEFAULTS["site.route.fallback.append"].value;
  return [
    {
      path: raw.path,
      dir: path(raw.dir),
      fallback: raw.fallback === undefined ? null : { base: raw.fallback.base, append },
      precompressed: raw.precompressed ?? DEFAULTS["site.route.precompressed"].value,
    },
  ];
}

export function buildUpstreamRoute(raw: RawRoute): UpstreamRoute[] {
  const upstream = buildReference(raw.upstream);
  if (upstream === null) return [];
  const added = withoutSlash(raw.add_prefix ?? DEFAULTS["site.route.add_prefix"].value);
  return [
    {
      match: buildPathRule(raw.path),
      hosts: (raw.hosts ?? []).map((host) => canonicalHost(host) ?? host),
      upstream,
      stripPrefix: raw.strip_prefix ?? DEFAULTS["site.route.strip_prefix"].value,
      addPrefix: added === "/" ? "" : added,
    },
  ];
}

/** A worker is known to the servers as an upstream. */
export function buildReference(raw: string | undefined): string | null {
  if (raw === undefined) return DEFAULTS["site.upstream"].value;
  const worker = workerNamed(raw);
  return worker === null ? raw : upstreamOfWorker(worker);
}

export function buildPathRule(raw: RawRule): PathRule {
  if (typeof raw === "string") return { match: "prefix", value: withoutSlash(raw) };
  if ("exact" in raw) return { match: "exact", value: raw.exact };
  if ("prefix" in raw) return { match: "prefix", value: withoutSlash(raw.prefix) };
  return { match: "regex", value: raw.regex };
}

/** A prefix ends on a segment border, so `/a` and `/a/` say the same; `/` stays. */
export function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}
