import type { Server, Site, Spec } from "../spec/types.js";
import { lightyRegex } from "./encode-lighttpd.js";
import { allListens, listensOf, socketName } from "./sites.js";

/** The sockets that a site is limited to; one null when it is on all of them. */
export function scopesOf(spec: Spec, server: Server, site: Site): (string | null)[] {
  const own = listensOf(site, server).map(socketName);
  return allListens(spec, server).every((listen) => own.includes(socketName(listen))) ? [null] : own;
}

/**
 * The regular expression for the Host of a site, without quotes. An exact name wins over `*.…` of another site, and a
 * longer `*.…` over a shorter one, whatever the order of the blocks (of two blocks that match, lighttpd takes the last).
 */
export function hostRegex(site: Site, others: readonly Site[]): string {
  const foreign = others.filter((other) => other !== site).flatMap((other) => other.hosts);
  return hostsRegex(site.hosts, foreign);
}

/** The same for some names of a site. */
export function hostsRegex(hosts: readonly string[], others: readonly string[]): string {
  const names = hosts.map((host) => {
    const base = wildcardBase(host);
    if (base === null) return lightyRegex(host);
    const closer = others
      .filter((name) => !hosts.includes(name))
      .filter((name) => (wildcardBase(name) ?? name).endsWith(`.${base}`));
    const except = closer.length === 0 ? "" : `(?!(?:${closer.map(nameRegex).join("|")})${END})`;
    return `${except}${nameRegex(host)}`;
  });
  return `^(?:${names.join("|")})${END}`;
}

/** A trailing dot and a port do not make another host. */
const END = "\\.?(?::[0-9]+)?$";

function nameRegex(host: string): string {
  const base = wildcardBase(host);
  return base === null ? lightyRegex(host) : `[^:]+\\.${lightyRegex(base)}`;
}

/** `example.com` of `*.example.com`; null for an exact name. */
function wildcardBase(host: string): string | null {
  return host.startsWith("*.") ? host.slice(2) : null;
}

export function activePath(spec: Spec, server: Server, site: Site): string {
  return `${spec.stateDir}/servers/${server.name}/${site.name}.lua`;
}
