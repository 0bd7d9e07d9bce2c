import { createHash } from "node:crypto";
import { bodies, MEDIA_TYPE } from "../page/bodies.js";
import type { HoldValues } from "../base/mode.js";
import type { Cidr, Exceptions, ModeValues, PathRule, Site } from "../spec/types.js";
import { gateHost } from "./gate-doors.js";
import { ident } from "./ident.js";
import { PROBE_PATH } from "./probe-path.js";

/**
 * Bodies of HTTP/2 uploads are read before the answer up to this size: curl (seen with 7.88) reports an error when the
 * stream is reset behind a complete answer, as lighttpd does for an upload that it has not read.
 */
const DRAIN_BYTES_MAX = 16 * 1024 * 1024;

/** Values of the variant that answers in the site's place, or sends it to the gate. */
export function shutValues(site: Site, values: ModeValues): Readonly<Record<string, unknown>> {
  const { maintenance, exceptions } = site;
  const { html, json, text } = bodies(site, values);
  const isWhole = maintenance.paths.includes("/");
  const shown = {
    name: ident(site.name),
    mode: ident(values.mode),
    generation: values.generation,
    gateHost: gateHost(site),
    hold: values.hold === null ? null : holdValues(site, values.hold),
    status: maintenance.status,
    retryAfterSec: values.retryAfterSec,
    untilSec: values.untilMs === null ? null : Math.ceil(values.untilMs / 1000),
    header: maintenance.header,
    headers: maintenance.headers,
    html,
    json,
    text,
    mediaType: MEDIA_TYPE,
    probePath: PROBE_PATH,
    paths: isWhole ? [] : maintenance.paths.map(prefix),
    ...exceptionValues(exceptions),
    origins: maintenance.corsOrigins,
    exposed: `Retry-After, ${maintenance.header}`,
    vary: maintenance.corsOrigins.length > 0 ? "Accept, Origin" : "Accept",
    drainBytesMax: DRAIN_BYTES_MAX,
  };
  // A Lua state outlives a change of its script; tables of other data must not be taken for these.
  const key = createHash("sha256").update(JSON.stringify(shown)).digest("hex").slice(0, 16);
  return { ...shown, key: ident(key) };
}

function holdValues(site: Site, { expiresMs, onExpiry }: HoldValues): Readonly<Record<string, unknown>> {
  return {
    expiresSec: Math.ceil(expiresMs / 1000),
    upOnExpiry: onExpiry === "up",
    routes: site.routes.map(({ path }) => prefix(path)),
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
