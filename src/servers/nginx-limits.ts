import { upstreamNamesOf } from "../spec/route-of.js";
import type { Server, Site, Spec, Upstream } from "../spec/types.js";
import type { Limit } from "./adapter.js";
import { sitesOf } from "./sites.js";

/** Fields that nginx puts into every answer by itself. */
const OWN_FIELDS: readonly string[] = ["server", "date"];

/** What nginx follows in part, of keys that it follows (proxy-only.ts): what it cannot is refused, what differs is said. */
export function limitsOfLive(spec: Spec, server: Server): Limit[] {
  if (server.config === "include") return [];
  return sitesOf(spec, server).flatMap((site) => {
    const names = upstreamNamesOf(site);
    const upstreams = spec.upstreams.filter(({ name }) => names.includes(name));
    return [
      ...upstreams.flatMap((upstream) => ofUpstream(site, upstream)),
      ...ofRewrite(site, upstreams),
      ...ofSendfile(site),
      ...ofCompress(site),
    ];
  });
}

function collector(site: Site): {
  found: Limit[];
  refuse: (sentence: string) => void;
  note: (sentence: string) => void;
} {
  const found: Limit[] = [];
  const add = (level: Limit["level"], sentence: string): void =>
    void found.push({ level, site: site.name, sentence });
  return { found, refuse: (sentence) => add("refuse", sentence), note: (sentence) => add("note", sentence) };
}

function ofUpstream(site: Site, upstream: Upstream): Limit[] {
  const { found, refuse, note } = collector(site);
  const table = `[upstream.${upstream.name}]`;
  if (upstream.connectionsMax !== null && upstream.queue.max > 0) {
    refuse(
      `max_connections of ${table}: nginx has no queue for requests beyond it; write queue = { max = 0 }, so that they are ` +
        'answered 502, or serve the site by kind "proxy".',
    );
  }
  const { balance, hashBy } = upstream;
  if (balance === "hash" && hashBy.by === "header" && !/^[a-z0-9-]+$/.test(hashBy.name)) {
    refuse(
      `hash_by of ${table}: nginx takes no notice of a header such as ${hashBy.name}; choose another, or serve the site ` +
        'by kind "proxy".',
    );
  }
  if (upstream.restMs % 1000 !== 0)
    note(`fail_timeout of ${table} is rounded up to whole seconds, which nginx counts in.`);
  if (upstream.cgi !== null && site.exceptions.trustedProxies.length > 0)
    note(`REMOTE_ADDR of ${table} is the trusted proxy's address; the client's is in HTTP_X_FORWARDED_FOR.`);
  return found;
}

function ofRewrite(site: Site, upstreams: readonly Upstream[]): Limit[] {
  const { found, refuse } = collector(site);
  const { response, cookieDomain, cookiePath } = site.rewrite;
  for (const name of [...response.set.map((rule) => rule.name), ...response.remove]) {
    if (OWN_FIELDS.includes(name.toLowerCase()))
      refuse(
        `rewrite.response of [site.${site.name}]: nginx sends a ${name} of its own; kind "lighttpd" or "proxy" can.`,
      );
  }
  const cgi = upstreams.find((upstream) => upstream.cgi !== null);
  if (cgi !== undefined && cookieDomain.length + cookiePath.length > 0) {
    refuse(
      `rewrite of cookies of [site.${site.name}]: nginx does so for HTTP backends alone, and [upstream.${cgi.name}] ` +
        `speaks ${cgi.protocol}; kind "lighttpd" or "proxy" can.`,
    );
  }
  return found;
}

function ofSendfile(site: Site): Limit[] {
  const { found, refuse } = collector(site);
  if (site.sendfile === null) return found;
  const { roots, accel } = site.sendfile;
  const key = `of [site.${site.name}]`;
  if (roots.length > 0)
    refuse(
      `sendfile.roots ${key}: nginx knows no X-Sendfile; let the backend send X-Accel-Redirect, with accel, or serve the ` +
        'site by kind "lighttpd" or "proxy".',
    );
  for (const { prefix } of accel) {
    if (prefix === "/")
      refuse(
        `sendfile.accel ${key}: nginx would look there for the maintenance page, too; choose a longer prefix, or serve the ` +
          'site by kind "proxy".',
      );
  }
  return found;
}

function ofCompress(site: Site): Limit[] {
  const { found, refuse, note } = collector(site);
  const key = `of [site.${site.name}]`;
  if (site.routes.some(({ precompressed }) => precompressed))
    note(`precompressed ${key}: nginx sends files that end with .gz, and none that end with .br.`);
  if (site.compress === null) return found;
  const { types, encodings } = site.compress;
  if (!encodings.includes("gzip"))
    refuse(`compress.encodings ${key}: nginx knows gzip alone; add it, or serve the site by kind "proxy".`);
  else if (encodings.includes("br")) note(`compress ${key}: nginx compresses by gzip, never by br.`);
  for (const type of types) {
    if (type.endsWith("/*"))
      refuse(
        `compress.types ${key}: nginx takes no ${type}; name the types one by one, or serve the site by kind "lighttpd" ` +
          'or "proxy".',
      );
  }
  if (!types.includes("text/html")) note(`compress.types ${key}: nginx always compresses text/html.`);
  return found;
}
