import type { Backend, Listen, Server, Site, Spec } from "../spec/types.js";
import { ident } from "./ident.js";
import { hostRegex, scopesOf } from "./lighttpd-sites.js";
import { allListens, listensOf, sitesOf, socketName } from "./sites.js";
import { MIME_DEFAULT, MIME_TYPES } from "./mime.js";

type Values = Readonly<Record<string, unknown>>;

/** Each forwarded request and each held connection takes two. */
const FILES_MAX = 16_384;
const CONNECTIONS_MAX = 5_000;

/** What the whole lighttpd.conf says. */
export function configValues(spec: Spec, server: Server): Values {
  const sites = sitesOf(spec, server);
  const listens = allListens(spec, server);
  const [main] = listens;
  if (!main) throw new Error(`server ${server.name} listens nowhere`);
  return {
    name: ident(server.name),
    workers: server.workers,
    user: server.user,
    pidFile: server.pidFile,
    statCache: server.statCache,
    filesMax: FILES_MAX,
    connectionsMax: CONNECTIONS_MAX,
    usesTls: listens.some((listen) => listen.tls),
    usesProxy: sites.some((site) => site.upstream !== null),
    usesAlias: sites.some((site) => site.routes.length > 0),
    ...mainSocket(main),
    sockets: listens.map((listen, index) => ({
      socket: socketName(listen),
      main: index === 0,
      tls: listen.tls ? certificateFor(sites, server, socketName(listen)) : null,
    })),
    blocks: sites.flatMap((site) =>
      scopesOf(spec, server, site).map((socket) => ({
        name: ident(site.name),
        socket,
        hosts: hostRegex(site, sites),
        tls: listens.some((listen) => listen.tls) ? site.tls : null,
        backends: backendsOf(spec, site),
        ...routesOf(site),
      })),
    ),
    mimeTypes: Object.entries(MIME_TYPES).map(([extension, type]) => ({ extension: `.${extension}`, type })),
    mimeDefault: MIME_DEFAULT,
  };
}

/** A unix socket is refused, by limits. */
function mainSocket(main: Listen): Values {
  if (main.kind === "unix") return { bind: main.path, port: 0 };
  return { bind: main.address.includes(":") ? `[${main.address}]` : main.address, port: main.port };
}

/** For a client that names no host, or none of ours: the first site on the socket that has a certificate. */
function certificateFor(sites: readonly Site[], server: Server, socket: string): Site["tls"] {
  const first = sites.find(
    (site) => site.tls !== null && listensOf(site, server).some((listen) => socketName(listen) === socket),
  );
  if (!first?.tls) throw new Error(`no certificate for ${socket}`);
  return first.tls;
}

function backendsOf(spec: Spec, site: Site): Values[] | null {
  if (site.upstream === null) return null;
  const upstream = spec.upstreams.find((candidate) => candidate.name === site.upstream);
  if (!upstream) throw new Error(`no upstream named ${site.upstream}`);
  // The label is the key of lighttpd's counters: one of its own for each site, so that requests are counted by site.
  return upstream.backends.map((backend, index) => ({
    label: ident(`${site.name}-${index}`),
    ...addressOf(backend),
  }));
}

function addressOf(backend: Backend): Values {
  return backend.kind === "tcp"
    ? { host: backend.host, port: backend.port, path: null }
    : { host: null, port: null, path: backend.path };
}

/**
 * mod_alias takes the first prefix that fits, so there the longest comes first. Of blocks the last that fits wins, and
 * gate.conf adds to the same blocks, which keep the place where they are first named: the longest last.
 */
function routesOf(site: Site): { aliases: Values[]; unproxied: Values[] } {
  const rising = [...site.routes].sort((a, b) => a.path.length - b.path.length);
  return {
    aliases: rising.toReversed().map((route) => ({ path: route.path, dir: `${route.dir}/` })),
    unproxied: site.upstream === null ? [] : rising.map((route) => ({ path: route.path })),
  };
}
