import { createSecureContext, type SecureContext } from "node:tls";
import type { Listen, Server, Site, Spec } from "../spec/types.js";
import { BackendGroup } from "./backend/backend-group.js";
import { CgiUpstream } from "./cgi/cgi-upstream.js";
import type { Context } from "./context.js";
import { HostTable } from "./front/host-table.js";
import { listenName, type Served } from "./front/listener.js";
import { ServedSite } from "./site.js";
import { Ways, type Way } from "./ways.js";
import { AddressSet } from "./wire/addresses.js";

/** All that the proxy serves by, as read from `proxy.json`. */
export interface ProxyConfig {
  /** The document itself, for workers. */
  text: string;
  /** SHA-256 (hex) of its bytes. */
  sha256: string;
  /** What of the spec this server needs. */
  spec: Pick<Spec, "upstreams" | "sites">;
  server: Server;
  controlSocket: string;
  /** Certificates and keys, which the process that serves may not be allowed to read. @throws Error as readFileSync */
  read: (path: string) => Buffer;
  /** Where the active variant of a site of this server is. */
  activeOf(site: Site): string;
}

/** What a spec stands for at run time. What was there before and still is lives on, with its counts and connections. */
export interface Configuration {
  sites: ReadonlyMap<string, ServedSite>;
  upstreams: ReadonlyMap<string, BackendGroup>;
  listeners: ReadonlyMap<string, { listen: Listen; served: Served }>;
  /** Puts the new spec in force on the sites and upstreams that lived on, and begins with new ones; until then nothing has changed. */
  commit(): void;
}

/** @throws Error for a certificate that cannot be read */
export function configurationOf(
  config: ProxyConfig,
  before: Configuration | null,
  context: Context,
): Configuration {
  const { spec, server } = config;
  const own = spec.sites.filter((site) => site.servers.includes(server.name));
  const upstreams = new Map<string, BackendGroup>();
  const cgis = new Map<string, CgiUpstream>();
  const changes: (() => void)[] = [];
  for (const upstream of spec.upstreams) {
    const { name, protocol, cgi } = upstream;
    const spoken = protocol === "http" || cgi === null ? null : new CgiUpstream(protocol, cgi);
    if (spoken !== null) cgis.set(name, spoken);
    const old = before?.upstreams.get(name);
    if (old !== undefined && old.upstream.protocol === protocol) {
      upstreams.set(name, old);
      changes.push(() => old.reconfigure(upstream, spoken));
    } else {
      const group = new BackendGroup(upstream, spoken);
      upstreams.set(name, group);
      changes.push(() => group.begin(context));
    }
  }
  const wayTo = (name: string): Way => {
    const group = upstreams.get(name);
    if (group === undefined) throw new Error(`there is no upstream ${name}`);
    return { group, cgi: cgis.get(name) ?? null };
  };
  const sites = new Map<string, ServedSite>();
  for (const site of own) {
    const ways = new Ways(site, wayTo);
    const active = config.activeOf(site);
    const old = before?.sites.get(site.name);
    if (old !== undefined && old.modes.active === active) {
      sites.set(site.name, old);
      changes.push(() => old.reconfigure(site, ways));
    } else sites.set(site.name, new ServedSite(site, active, ways));
  }
  return {
    sites,
    upstreams,
    listeners: listenersOf(config, own, sites),
    commit: () => changes.forEach((change) => change()),
  };
}

/** Each address once. One that no site uses is not opened: nothing would be served there. */
export function servedListens({ server, spec }: ProxyConfig): Listen[] {
  const own = spec.sites.filter((site) => site.servers.includes(server.name));
  const listens = own.flatMap((site) => site.listen[server.name] ?? server.listen);
  return [...new Map(listens.map((listen) => [listenName(listen), listen])).values()];
}

function listenersOf(
  { server, read }: ProxyConfig,
  own: readonly Site[],
  served: ReadonlyMap<string, ServedSite>,
): Map<string, { listen: Listen; served: Served }> {
  const listeners = new Map<string, { listen: Listen; served: Served }>();
  const certificates = new Map<Site, Certificate>();
  const listensOf = (site: Site): readonly Listen[] => site.listen[server.name] ?? server.listen;
  for (const listen of own.flatMap(listensOf)) {
    // The name alone would let a port turn from plain text to TLS under its clients.
    const { tls, http2, proxyProtocol } = listen;
    const key = [listenName(listen), tls && "tls", http2 && "http2", proxyProtocol && "proxy"]
      .filter(Boolean)
      .join(" ");
    if (listeners.has(key)) continue;
    const here = own.filter((site) => listensOf(site).some((one) => listenName(one) === listenName(listen)));
    const rows = here.flatMap((site) => site.hosts.map((host) => [host, served.get(site.name)] as const));
    listeners.set(key, {
      listen,
      served: {
        sites: new HostTable(rows.filter((row): row is [string, ServedSite] => row[1] !== undefined)),
        trusted: new AddressSet(
          here.flatMap(({ exceptions }) => exceptions.trustedProxies.map(({ text }) => text)),
        ),
        tls: listen.tls ? tlsOf(here, certificates, read) : null,
      },
    });
  }
  return listeners;
}

/** A certificate as it was read, and ready for use. */
interface Certificate {
  pem: { cert: Buffer; key: Buffer };
  context: SecureContext;
}

function tlsOf(
  sites: readonly Site[],
  known: Map<Site, Certificate>,
  read: ProxyConfig["read"],
): Served["tls"] {
  const rows = sites.flatMap((site) => {
    if (site.tls === null) return [];
    const certificate = known.get(site) ?? certificateOf(site.tls, read);
    known.set(site, certificate);
    return site.hosts.map((host) => [host, certificate] as const);
  });
  const [first] = rows;
  if (first === undefined) throw new Error("no site has a certificate for a listener with TLS");
  const byHost = new HostTable(rows.map(([host, { context }]) => [host, context] as const));
  return { byHost, fallback: first[1].context, fallbackPem: first[1].pem };
}

function certificateOf(
  { certificate, key }: NonNullable<Site["tls"]>,
  read: ProxyConfig["read"],
): Certificate {
  const pem = { cert: read(certificate), key: read(key) };
  return { pem, context: createSecureContext(pem) };
}
