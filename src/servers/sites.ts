import type { Listen, Server, Site, Spec } from "../spec/types.js";

/** The sites of one server, in the order of the spec. */
export function sitesOf(spec: Spec, server: Server): Site[] {
  return spec.sites.filter((site) => site.servers.includes(server.name));
}

/** Where the server listens for this site. */
export function listensOf(site: Site, server: Server): readonly Listen[] {
  return site.listen[server.name] ?? server.listen;
}

/** As every server writes a socket: `0.0.0.0:80`, `[::]:443`. */
export function socketName(listen: Listen): string {
  const address = listen.address.includes(":") ? `[${listen.address}]` : listen.address;
  return `${address}:${listen.port}`;
}

/** Every listen of the server and of its sites, each once; the server's own first. */
export function allListens(spec: Spec, server: Server): Listen[] {
  const found = new Map<string, Listen>();
  for (const listen of [
    ...server.listen,
    ...sitesOf(spec, server).flatMap((site) => listensOf(site, server)),
  ]) {
    const name = socketName(listen);
    if (!found.has(name)) found.set(name, listen);
  }
  return [...found.values()];
}
