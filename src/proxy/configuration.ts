import { createSecureContext, type SecureContext } from "node:tls";
import type { Listen, Server, Site, Spec } from "../spec/types.js";
import { BackendPool, groupOf, labelOf, type BackendGroup } from "./backend/backend-pool.js";
import { CgiUpstream } from "./cgi/cgi-upstream.js";
import { HostTable } from "./front/host-table.js";
import { listenName, type Served } from "./front/listener.js";
import { ServedSite } from "./site.js";
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
  pools: ReadonlyMap<string, BackendPool>;
  listeners: ReadonlyMap<string, { listen: Listen; served: Served }>;
  /** Puts the new spec in force on the sites that lived on; until then nothing has changed. */
  commit(): void;
}

/** @throws Error for a certificate that cannot be read */
export function configurationOf(config: ProxyConfig, before: Configuration | null): Configuration {
  const { spec, server } = config;
  const own = spec.sites.filter((site) => site.servers.includes(server.name));
  const pools = new Map<string, BackendPool>();
  const upstreams = new Map<string, BackendGroup>();
  const cgis = new Map<string, CgiUpstream>();
  for (const { name, backends, protocol, cgi } of spec.upstreams) {
    if (protocol !== "http" && cgi !== null) cgis.set(name, new CgiUpstream(protocol, cgi));
    const group = backends.map((backend) => {
      const key = `${name} ${protocol} ${labelOf(backend)}`;
      const pool = before?.pools.get(key) ?? pools.get(key) ?? new BackendPool(backend, protocol);
      pools.set(key, pool);
      return pool;
    });
    upstreams.set(name, groupOf(group));
  }
  const sites = new Map<string, ServedSite>();
  const changes: (() => void)[] = [];
  for (const site of own) {
    const upstream = site.upstream === null ? null : (upstreams.get(site.upstream) ?? null);
    const cgi = site.upstream === null ? null : (cgis.get(site.upstream) ?? null);
    const active = config.activeOf(site);
    const old = before?.sites.get(site.name);
    if (old !== undefined && old.modes.active === active) {
      sites.set(site.name, old);
      changes.push(() => old.reconfigure(site, upstream, cgi));
    } else sites.set(site.name, new ServedSite(site, active, upstream, cgi));
  }
  return {
    sites,
    upstreams,
    pools,
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
