import { BYPASS_HEADER } from "../base/bypass.js";
import { upstreamNamesOf } from "../spec/route-of.js";
import type { Address, Server, Site, Spec, Upstream } from "../spec/types.js";
import type { PlannedFile } from "./adapter.js";
import { FORWARDED_OTHER } from "./forwarded-fields.js";
import { ident, type Ident } from "./ident.js";
import { cookiePathSteps, locationSteps } from "./location-rules.js";
import { MIME_TYPES } from "./mime.js";
import { cgiParams, hasScripts } from "./nginx-cgi.js";
import { holds, WAIT_MS, waitUpstream } from "./nginx-hold.js";
import { variableId } from "./nginx-sites.js";
import { liveName, targetValues, targetVariables, waitName, waysOf, type Way } from "./nginx-ways.js";
import { sitesOf } from "./sites.js";

type Values = Readonly<Record<string, unknown>>;
type Live = Pick<PlannedFile, "path" | "template" | "values">;

/** Name of the file that a location includes, so that what it answers is compressed; empty: nothing is. */
export function compressName(site: Site): string {
  return site.compress === null ? "" : `live.${site.name}.compress.conf`;
}

export const LIVE_HTTP_NAME = "live.http.conf";

/** All that nginx is told of the upstreams of its sites; in a config of the user's own, of those that can be held. */
export function liveFiles(spec: Spec, server: Server): Live[] {
  const isOwn = server.config === "include";
  const sites = sitesOf(spec, server).filter((site) => !isOwn || holds(spec, server, site));
  if (isOwn && sites.length === 0) return [];
  const files: Live[] = [
    { path: LIVE_HTTP_NAME, template: "nginx/live.http.conf", values: httpValues(spec, server, sites) },
  ];
  // How a request gets there is the user's own.
  if (isOwn) return files;
  for (const site of sites) {
    for (const way of waysOf(site)) files.push(...wayFiles(spec, server, site, way));
    if (site.compress !== null)
      files.push({
        path: compressName(site),
        template: "nginx/live.compress.conf",
        values: compressValues(site.name, site.compress),
      });
  }
  return files;
}

/** How requests of a site reach an upstream and, where it can be held, the gate in its place. */
function wayFiles(spec: Spec, server: Server, site: Site, way: Way): Live[] {
  const upstream = spec.upstreams.find(({ name }) => name === way.upstream);
  if (upstream === undefined) return [];
  const template = "nginx/live.site.conf";
  const isHeld = holds(spec, server, site);
  const values = { ...wayValues(site, upstream, way), counted: isHeld, waits: false };
  const live = { path: liveName(site, way), template, values };
  if (!isHeld) return [live];
  const times = { connectMs: WAIT_MS, readMs: WAIT_MS, sendMs: WAIT_MS };
  const toGate = {
    ...values,
    ...times,
    upstream: waitUpstream(site, way.upstream),
    counted: false,
    waits: true,
  };
  return [live, { path: waitName(site, way), template, values: toGate }];
}

function httpValues(spec: Spec, server: Server, sites: readonly Site[]): Values {
  const used = spec.upstreams.filter(({ name }) => sites.some((site) => isOf(site, name)));
  return {
    server: ident(server.name),
    rewritesAnswers: sites.some(({ rewrite }) => rewrite.response.set.length > 0),
    upstreams: used.map((upstream) => upstreamValues(upstream, sites)),
    sites: sites
      .filter((site) => upstreamNamesOf(site).length > 0)
      .map((site) => ({
        name: ident(site.name),
        id: variableId(site.name),
        ...trustedValues(site),
        rewritesLocation: site.rewrite.location.length > 0,
        steps: indexed(locationSteps(site.rewrite.location)),
        set: indexed(site.rewrite.response.set),
        targets: targetValues(site),
      })),
  };
}

function upstreamValues(upstream: Upstream, sites: readonly Site[]): Values {
  const { name, balance, hashBy, protocol, connectionsMax, restMs, keepsConnections } = upstream;
  const id = variableId(name).value;
  return {
    name: upstreamName(name),
    id: ident(id),
    leastConnection: balance === "least-connection",
    random: balance === "random",
    hashBy: hashVariables(upstream, id, sites),
    cookie: balance === "hash" && hashBy.by === "cookie" ? hashBy.name : "",
    backends: upstream.backends.map((backend) => ({
      address: addressText(backend),
      weight: backend.weight,
      isWeighted: backend.weight !== 1,
    })),
    // nginx counts whole seconds there.
    failSec: Math.max(1, Math.ceil(restMs / 1000)),
    connectionsMax,
    // An idle process of PHP belongs to the connection that is kept: others would wait for it.
    keepAlive: protocol === "http" && keepsConnections,
  };
}

/** What decides where a request goes; null: something else than a hash. */
function hashVariables(
  { name, balance, hashBy }: Upstream,
  id: string,
  sites: readonly Site[],
): readonly Ident[] | null {
  if (balance === "sticky") {
    // Behind a proxy every client has its address; the chain it tells is nearly always the same for one client.
    const isBehind = sites.some((site) => isOf(site, name) && trustedOf(site).length > 0);
    return isBehind ? [ident("remote_addr"), ident("http_x_forwarded_for")] : [ident("remote_addr")];
  }
  if (balance !== "hash") return null;
  if (hashBy.by === "uri") return [ident("request_uri")];
  const key = hashBy.by === "cookie" ? `fencekey_${id}` : `http_${hashBy.name.replaceAll("-", "_")}`;
  return [ident(key)];
}

function wayValues(site: Site, upstream: Upstream, way: Way): Values {
  const { rewrite, sendfile } = site;
  const { protocol, cgi } = upstream;
  const set = indexed(rewrite.response.set);
  const ruled = [...set.map(({ name }) => name), ...rewrite.response.remove];
  const isRewritten = (field: string): boolean =>
    rewrite.location.length > 0 && !ruled.some((name) => name.toLowerCase() === field.toLowerCase());
  return {
    name: ident(site.name),
    id: variableId(site.name),
    upstream: upstreamName(upstream.name),
    target: way.change === null ? null : targetVariables(site, way),
    protocol: ident(protocol === "http" ? "proxy" : protocol),
    http: cgi === null,
    accel: (sendfile?.accel.length ?? 0) > 0,
    ...trustedValues(site),
    dropped: ["Forwarded", "Proxy", ...FORWARDED_OTHER],
    toldHeader: BYPASS_HEADER,
    cleansCookie: ![...rewrite.request.set.map(({ name }) => name), ...rewrite.request.remove].some(
      (name) => name.toLowerCase() === "cookie",
    ),
    requestSet: rewrite.request.set,
    requestRemove: rewrite.request.remove,
    scripts: cgi !== null && hasScripts(cgi),
    root: cgi?.root ?? "",
    index: cgi?.index ?? "",
    split: cgi?.split ?? [],
    params: cgi === null ? [] : cgiParams(upstream, cgi, site),
    connectMs: upstream.connectTimeoutMs,
    readMs: upstream.readTimeoutMs,
    sendMs: upstream.sendTimeoutMs,
    responseHide: ruled,
    responseSet: set,
    rewritesLocation: isRewritten("Location"),
    rewritesContentLocation: isRewritten("Content-Location"),
    cookieDomain: rewrite.cookieDomain,
    cookiePath: indexed(cookiePathSteps(rewrite.cookiePath)),
    compress: compressName(site),
  };
}

function compressValues(site: string, { types, minBytes }: NonNullable<Site["compress"]>): Values {
  const named = types.filter((type) => type !== "text/html");
  return { name: ident(site), minBytes, types: [...named, ...fileTypes([...named, "text/html"])] };
}

/** Of files nginx compares what its table says, parameters included; of answers the type alone. */
function fileTypes(types: readonly string[]): string[] {
  const found = Object.values(MIME_TYPES).filter((type) => types.some((one) => type.startsWith(`${one};`)));
  return [...new Set(found)];
}

function isOf(site: Site, upstream: string): boolean {
  return upstreamNamesOf(site).includes(upstream);
}

function trustedOf(site: Site): string[] {
  return site.exceptions.trustedProxies.map(({ text }) => text);
}

function trustedValues(site: Site): { trusted: string[]; hasTrusted: boolean } {
  const trusted = trustedOf(site);
  return { trusted, hasTrusted: trusted.length > 0 };
}

function indexed<T>(list: readonly T[]): (T & { index: number })[] {
  return list.map((value, index) => ({ ...value, index }));
}

function upstreamName(name: string): Ident {
  return ident(`fence_${name}`);
}

function addressText(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}
