import { upstreamNamesOf } from "../spec/route-of.js";
import type { Server, Site, Spec, Upstream } from "../spec/types.js";
import type { Limit } from "./adapter.js";
import { balanceName, upstreamsOf } from "./lighttpd-live.js";
import { sitesOf } from "./sites.js";

/** Fields that lighttpd puts into every answer that has none. */
const OWN_FIELDS: readonly string[] = ["server", "date"];
/** Variables of CGI that lighttpd tells by itself, beside any of the same name. */
const OWN_VARIABLES =
  /^(?:CONTENT_TYPE|DOCUMENT_ROOT|GATEWAY_INTERFACE|HTTPS|HTTP_.*|PATH_INFO|PATH_TRANSLATED|QUERY_STRING|REDIRECT_STATUS|REMOTE_.*|REQUEST_.*|SCRIPT_.*|SERVER_.*)$/;

/** What lighttpd follows in part, of keys that it follows (proxy-only.ts): what it cannot is refused, what differs is said. */
export function limitsOfLive(spec: Spec, server: Server): Limit[] {
  if (server.config === "include") return unheld(spec, server);
  return sitesOf(spec, server).flatMap((site) => {
    const told: Limit[] = [];
    const add =
      (level: Limit["level"]) =>
      (sentence: string): void =>
        void told.push({ level, site: site.name, sentence });
    for (const upstream of upstreamsOf(spec, site)) ofUpstream(site, upstream, add("refuse"), add("note"));
    ofAnswers(site, add("refuse"), add("note"));
    return told;
  });
}

/** What the gate passes on in a config of the user's own is HTTP alone. */
function unheld(spec: Spec, server: Server): Limit[] {
  return sitesOf(spec, server).flatMap((site) =>
    upstreamsOf(spec, site)
      .filter(({ protocol }) => protocol !== "http")
      .map(({ name, protocol }) => ({
        level: "note" as const,
        site: site.name,
        sentence:
          `fence hold is refused here: in a config of your own the gate takes HTTP alone, and [upstream.${name}] ` +
          `is ${protocol}; with config = "standalone" it would be held.`,
      })),
  );
}

type Tell = (sentence: string) => void;

function ofUpstream(site: Site, upstream: Upstream, refuse: Tell, note: Tell): void {
  const table = `[upstream.${upstream.name}]`;
  const { balance, hashBy } = upstream;
  if (balanceName(upstream) === null) {
    const what = balance === "hash" ? `"hash" by a ${hashBy.by}` : `"${balance}"`;
    refuse(
      `balance of ${table}: lighttpd has no ${what}; kind "nginx", "nginx-lua" or "proxy" can, or choose another balance.`,
    );
  }
  // gw_backend.c of 1.4.69: by hash a backend is its host alone, by sticky its host and its port.
  const shared = balance === "hash" ? sharedHost(upstream) : null;
  if (shared !== null)
    refuse(
      `balance of ${table}: by hash lighttpd tells backends apart by their addresses without the ports, and one of those at ` +
        `${shared} would get every request; give each an address or a socket of its own, or serve the site by kind ` +
        '"nginx", "nginx-lua" or "proxy".',
    );
  const times = [upstream.restMs, upstream.connectTimeoutMs, upstream.readTimeoutMs, upstream.sendTimeoutMs];
  if (times.some((ms) => ms % 1000 !== 0))
    note(`Times of ${table} are rounded up to whole seconds, which lighttpd counts in.`);
  if (upstream.cgi === null) return;
  if (site.exceptions.trustedProxies.length > 0)
    note(`REMOTE_ADDR of ${table} is the trusted proxy's address; the client's is in HTTP_X_FORWARDED_FOR.`);
  for (const { name } of upstream.cgi.params) {
    if (OWN_VARIABLES.test(name))
      refuse(
        `cgi.params of ${table}: lighttpd tells a ${name} of its own; kind "nginx", "nginx-lua" or "proxy" can.`,
      );
  }
}

/** The address that several backends have; null: none. */
function sharedHost({ backends }: Upstream): string | null {
  const hosts = backends.flatMap((backend) => (backend.kind === "tcp" ? [backend.host] : []));
  return hosts.find((host, index) => hosts.indexOf(host) !== index) ?? null;
}

function ofAnswers(site: Site, refuse: Tell, note: Tell): void {
  const key = `of [site.${site.name}]`;
  for (const name of site.rewrite.response.remove) {
    if (OWN_FIELDS.includes(name.toLowerCase()))
      refuse(
        `rewrite.response ${key}: lighttpd sends a ${name} of its own; set it, or serve the site by kind "proxy".`,
      );
  }
  if (site.sendfile !== null) {
    if (site.sendfile.accel.length > 0)
      refuse(
        `sendfile.accel ${key}: lighttpd knows no X-Accel-Redirect; let the backend send X-Sendfile, with roots, or serve ` +
          'the site by kind "nginx", "nginx-lua" or "proxy".',
      );
    if (site.sendfile.roots.length > 0)
      note(
        `sendfile.roots ${key}: lighttpd follows no symlink there, not even one above a root; name real paths.`,
      );
  }
  if (site.exceptions.trustedProxies.length > 0 && upstreamNamesOf(site).length > 0)
    note(`X-Forwarded-Host ${key} is the Host that lighttpd is asked for, also behind a trusted proxy.`);
}
