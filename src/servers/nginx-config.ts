import { BYPASS_HEADER } from "../base/bypass.js";
import { routingsOf, type Routing } from "../spec/route-of.js";
import type { Listen, Server, Site, Spec } from "../spec/types.js";
import { ident } from "./ident.js";
import { MIME_DEFAULT, MIME_TYPES } from "./mime.js";
import { holdName, holds, WORKER_CONNECTIONS } from "./nginx-hold.js";
import { compressName } from "./nginx-live.js";
import { enterName, holdsByItself, variableId } from "./nginx-sites.js";
import { isRooted, liveName, wayLocations, waysOf } from "./nginx-ways.js";
import { allListens, listensOf, sitesOf, socketName } from "./sites.js";

type Values = Readonly<Record<string, unknown>>;

/** Values of nginx.conf, the whole config of a standalone server. */
export function configValues(spec: Spec, server: Server, modules: readonly string[]): Values {
  const sites = sitesOf(spec, server);
  const run = `${spec.runDir}/${server.name}`;
  const temp = `${spec.stateDir}/servers/${server.name}`;
  const tlsSite = sites.find(
    (site) => site.tls !== null && listensOf(site, server).some((listen) => listen.tls),
  );
  const listens = allListens(spec, server);
  return {
    server: ident(server.name),
    modules,
    user: server.user ?? "",
    workers: server.workers,
    pidFile: server.pidFile,
    errorLog: `${run}/error.log`,
    // Not below the run folder: that is memory, and uploads would fill it. No site has a name with "_" in it.
    tempBody: `${temp}/temp_client_body`,
    tempProxy: `${temp}/temp_proxy`,
    tempFastcgi: `${temp}/temp_fastcgi`,
    tempUwsgi: `${temp}/temp_uwsgi`,
    tempScgi: `${temp}/temp_scgi`,
    toldHeader: BYPASS_HEADER,
    hasTls: tlsSite !== undefined,
    mimeDefault: MIME_DEFAULT,
    mimeTypes: Object.entries(MIME_TYPES).map(([extension, type]) => ({ extension: ident(extension), type })),
    defaultListens: listens.map(listenValues),
    defaultTls: listens.some((listen) => listen.tls),
    defaultCertificate: tlsSite?.tls?.certificate ?? "",
    defaultKey: tlsSite?.tls?.key ?? "",
    connections: WORKER_CONNECTIONS,
    holds: sites.some((site) => holds(spec, server, site)),
    blocks: sites.flatMap((site) =>
      routingsOf(site).map((routing) => ({
        ...blockValues(server, site, routing),
        hold: holds(spec, server, site) ? holdName(site) : "",
      })),
    ),
  };
}

/** One server block: for the names of a site that are routed alike. */
function blockValues(server: Server, site: Site, routing: Routing): Values {
  const plainRoutes = site.routes.filter((route) => route.fallback === null);
  const listens = listensOf(site, server);
  const [own] = waysOf(site).filter(({ index }) => index === 0);
  const tls = listens.some((listen) => listen.tls) ? site.tls : null;
  return {
    name: ident(site.name),
    id: variableId(site.name),
    listens: listens.map(listenValues),
    hosts: routing.hosts,
    certificate: tls?.certificate ?? "",
    key: tls?.key ?? "",
    gate: `gate.${site.name}.conf`,
    enter: holdsByItself(server, site) ? enterName(site) : "",
    routes: plainRoutes.map(({ path, dir, precompressed }) => ({ path, dir: `${dir}/`, precompressed })),
    // A second `location /` would be an error.
    rooted: isRooted(routing),
    ways: wayLocations(site, routing),
    live: own === undefined ? "" : liveName(site, own),
    accel: accelValues(site),
    compress: compressName(site),
  };
}

/** The longer prefix counts. */
function accelValues(site: Site): Values[] {
  return (site.sendfile?.accel ?? [])
    .map(({ prefix, dir }, index) => ({ index, prefix, dir: `${dir}/`, from: dir }))
    .sort((a, b) => b.prefix.length - a.prefix.length);
}

function listenValues(listen: Listen): Values {
  return { address: socketName(listen), tls: listen.tls, http2: listen.http2 };
}
