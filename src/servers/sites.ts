import type { Listen, Server, Site, Spec } from "../spec/types.js";
import type { Limit } from "./adapter.js";

/** The sites of one server, in the order of the spec. */
export function sitesOf(spec: Spec, server: Server): Site[] {
  return spec.sites.filter((site) => site.servers.includes(server.name));
}

/** Where the server listens for this site. */
export function listensOf(site: Site, server: Server): readonly Listen[] {
  return site.listen[server.name] ?? server.listen;
}

/** As every server writes a socket: `0.0.0.0:80`, `[::]:443`, `unix:/path`. */
export function socketName(listen: Listen): string {
  if (listen.kind === "unix") return `unix:${listen.path}`;
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

/** One sentence for each thing that a listen asks for and a server of this kind is not rendered for. */
export function refusedListens(spec: Spec, server: Server): Limit[] {
  return allListens(spec, server).flatMap((listen): Limit[] => {
    const what =
      listen.kind === "unix"
        ? "a unix socket"
        : listen.proxyProtocol
          ? "the PROXY protocol"
          : server.kind === "lighttpd" && listen.tls && !listen.http2
            ? "TLS without HTTP/2"
            : null;
    if (what === null) return [];
    const able = what === "TLS without HTTP/2" ? "nginx, nginx-lua and proxy can" : "only proxy can";
    const sentence = `${socketName(listen)}: fence does not write ${what} for ${server.kind}; ${able}.`;
    return [{ level: "refuse", site: null, sentence }];
  });
}
