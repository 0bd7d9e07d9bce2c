import { createHash } from "node:crypto";
import { bodies, MEDIA_TYPE, varyOf } from "../page/bodies.js";
import { BYPASS_COOKIE, BYPASS_HEADER } from "../base/bypass.js";
import type { HoldValues } from "../base/mode.js";
import type { PathRule } from "../spec/route-types.js";
import type { Cidr, Exceptions, ModeValues, Server, Site, Spec } from "../spec/types.js";
import { doorsOf, GATE_MARK } from "./gate-doors.js";
import { ident } from "./ident.js";
import { PROBE_PATH } from "./probe-path.js";

/**
 * Bodies of HTTP/2 uploads are read before the answer up to this size: curl (seen with 7.88) reports an error when the
 * stream is reset behind a complete answer, as lighttpd does for an upload that it has not read.
 */
const DRAIN_BYTES_MAX = 16 * 1024 * 1024;

/** Values of the variant that answers in the site's place, or sends it to the gate. */
export function shutValues(
  spec: Spec,
  server: Server,
  site: Site,
  values: ModeValues,
): Readonly<Record<string, unknown>> {
  const { maintenance, exceptions } = site;
  const { html, json, text } = bodies(site, values);
  const [first, ...others] = html;
  const isWhole = maintenance.paths.includes("/");
  const shown = {
    name: ident(site.name),
    mode: ident(values.mode),
    generation: values.generation,
    gate: doorsOf(spec, server, site).length === 0 ? null : GATE_MARK,
    hold: values.hold === null ? null : holdValues(server, site, values.hold),
    status: maintenance.status,
    retryAfterSec: values.retryAfterSec,
    untilSec: values.untilMs === null ? null : Math.ceil(values.untilMs / 1000),
    header: maintenance.header,
    headers: maintenance.headers,
    html: first?.body ?? "",
    language: first?.language ?? null,
    pages: others.map(({ language, body }) => ({
      language,
      tag: language?.toLowerCase() ?? "",
      body,
    })),
    firstTag: first?.language?.toLowerCase() ?? "",
    json,
    text,
    mediaType: MEDIA_TYPE,
    probePath: PROBE_PATH,
    bypass: {
      cookie: ident(BYPASS_COOKIE),
      folder: `${spec.stateDir}/bypass/${site.name}/`,
      header: BYPASS_HEADER,
    },
    paths: isWhole ? [] : maintenance.paths.map(prefix),
    ...exceptionValues(exceptions),
    origins: maintenance.corsOrigins,
    exposed: `Retry-After, ${maintenance.header}`,
    vary: varyOf(site),
    drainBytesMax: DRAIN_BYTES_MAX,
  };
  // A Lua state outlives a change of its script; tables of other data must not be taken for these.
  const key = createHash("sha256").update(JSON.stringify(shown)).digest("hex").slice(0, 16);
  return { ...shown, key: ident(key) };
}

function holdValues(
  server: Server,
  site: Site,
  { expiresMs, onExpiry }: HoldValues,
): Readonly<Record<string, unknown>> {
  return {
    expiresSec: Math.ceil(expiresMs / 1000),
    upOnExpiry: onExpiry === "up",
    // In a config of fence's own the blocks of the routes say what is not for the gate.
    routes: server.config === "include" ? site.routes.map(({ path }) => prefix(path)) : [],
  };
}

function exceptionValues(exceptions: Exceptions): Record<string, unknown> {
  const { pass, health, acme } = exceptions;
  const allow = ranges(exceptions.allow);
  const trusted = allow.length > 0 ? ranges(exceptions.trustedProxies) : [];
  const prefixes = [
    ...(acme ? ["/.well-known/acme-challenge/"] : []),
    ...pass.flatMap((rule) => (rule.match === "prefix" ? [rule.value] : [])),
  ];
  return {
    healthPath: health === null ? null : health.path,
    healthPass: health?.whileDown === "pass",
    healthOk: health?.whileDown === "ok",
    healthDown: health?.whileDown === "down",
    passExact: pass.flatMap((rule: PathRule) => (rule.match === "exact" ? [rule.value] : [])),
    passPrefixes: prefixes.map(prefix),
    allow,
    trusted,
  };
}

/** A prefix ends on a segment border: the path itself, or anything below it. */
function prefix(path: string): { path: string; below: string } {
  return { path, below: path.endsWith("/") ? path : `${path}/` };
}

/** Sorted and disjoint, so that the script can search by halves. */
function ranges(cidrs: readonly Cidr[]): Range[] {
  const sorted = cidrs.flatMap(apart).sort((a, b) => (a.first < b.first ? -1 : 1));
  const merged: Range[] = [];
  for (const range of sorted) {
    const before = merged.at(-1);
    if (before && range.first <= before.last)
      before.last = range.last > before.last ? range.last : before.last;
    else merged.push(range);
  }
  return merged;
}

interface Range {
  first: string;
  last: string;
}

/** The script has IPv4 addresses inside IPv6: a block of IPv6 that spans them, such as `::/0`, does not mean them. */
function apart({ family, first, last }: Cidr): Range[] {
  if (family === 4 || last <= BEFORE_IPV4 || first >= AFTER_IPV4) return [{ first, last }];
  return [
    { first, last: BEFORE_IPV4 },
    { first: AFTER_IPV4, last },
  ];
}

const BEFORE_IPV4 = `${"0".repeat(20)}fffe${"f".repeat(8)}`;
const AFTER_IPV4 = `${"0".repeat(19)}1${"0".repeat(12)}`;
