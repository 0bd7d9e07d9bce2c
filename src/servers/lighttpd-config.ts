import type { Listen, Server, Site, Spec, Upstream } from "../spec/types.js";
import { ident } from "./ident.js";
import { believesScheme, liveValues, upstreamsOf } from "./lighttpd-live.js";
import { SCHEME_NAME } from "./lighttpd-scripts.js";
import { hostRegex, scopesOf } from "./lighttpd-sites.js";
import { waysOf } from "./lighttpd-ways.js";
import { allListens, listensOf, sitesOf, socketName } from "./sites.js";
import { MIME_DEFAULT, MIME_TYPES } from "./mime.js";

type Values = Readonly<Record<string, unknown>>;

/** Each forwarded request and each held connection takes two. */
const FILES_MAX = 16_384;
/** server.max-connections of a config of fence's own: each request that waits has one, of a client. */
export const CONNECTIONS_MAX = 5_000;

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
    modules: modulesOf(spec, sites),
    usesAlias: sites.some((site) => site.routes.length > 0),
    ...mainSocket(main),
    sockets: listens.map((listen, index) => ({
      socket: socketName(listen),
      main: index === 0,
      tls: listen.tls ? certificateFor(sites, server, socketName(listen)) : null,
    })),
    blocks: sites.flatMap((site) => blocksOf(spec, server, site)),
    mimeTypes: Object.entries(MIME_TYPES).map(([extension, type]) => ({ extension: `.${extension}`, type })),
    mimeDefault: MIME_DEFAULT,
  };
}

/** Those that only some sites need, in the order in which lighttpd asks them. */
function modulesOf(spec: Spec, sites: readonly Site[]): string[] {
  const protocols = new Set<Upstream["protocol"]>(
    sites.flatMap((site) => upstreamsOf(spec, site).map(({ protocol }) => protocol)),
  );
  const wanted: readonly (readonly [string, boolean])[] = [
    ["mod_setenv", protocols.size > 0],
    ["mod_fastcgi", protocols.has("fastcgi")],
    ["mod_scgi", protocols.has("scgi") || protocols.has("uwsgi")],
    ["mod_proxy", protocols.has("http")],
    ["mod_deflate", sites.some((site) => site.compress !== null)],
  ];
  return wanted.flatMap(([name, isWanted]) => (isWanted ? [name] : []));
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

/** One for each socket that the site is limited to. */
function blocksOf(spec: Spec, server: Server, site: Site): Values[] {
  const sites = sitesOf(spec, server);
  const upstreams = upstreamsOf(spec, site);
  let labels = 0;
  const label = (): string => `${site.name}-${labels++}`;
  return scopesOf(spec, server, site).map((socket) => ({
    name: ident(site.name),
    socket,
    hosts: hostRegex(site, sites),
    tls: allListens(spec, server).some((listen) => listen.tls) ? site.tls : null,
    live: liveValues(spec, site),
    scheme: believesScheme(spec, site) ? `${spec.outputDir}/${server.name}/${SCHEME_NAME}` : null,
    // mod_alias takes the first prefix that fits.
    aliases: [...site.routes]
      .sort((a, b) => b.path.length - a.path.length)
      .map((route) => ({ path: route.path, dir: `${route.dir}/` })),
    ...waysOf({ spec, server, site, upstreams, label }),
  }));
}
