import type { Backend, Listen, Server, Site, Spec } from "../spec/types.js";
import { ident } from "./ident.js";
import { MIME_DEFAULT, MIME_TYPES } from "./mime.js";
import { variableId } from "./nginx-sites.js";
import { allListens, listensOf, sitesOf, socketName } from "./sites.js";

type Values = Readonly<Record<string, unknown>>;

/** Values of nginx.conf, the whole config of a standalone server. */
export function configValues(spec: Spec, server: Server, modules: readonly string[]): Values {
  const sites = sitesOf(spec, server);
  const run = `${spec.runDir}/${server.name}`;
  const temp = `${spec.stateDir}/servers/${server.name}`;
  const used = new Set(sites.map((site) => site.upstream));
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
    hasTls: tlsSite !== undefined,
    mimeDefault: MIME_DEFAULT,
    mimeTypes: Object.entries(MIME_TYPES).map(([extension, type]) => ({ extension: ident(extension), type })),
    upstreams: spec.upstreams
      .filter((upstream) => used.has(upstream.name))
      .map(({ name, backends }) => ({ name: ident(`fence_${name}`), backends: backends.map(backendText) })),
    defaultListens: listens.map(listenValues),
    defaultTls: listens.some((listen) => listen.tls),
    defaultCertificate: tlsSite?.tls?.certificate ?? "",
    defaultKey: tlsSite?.tls?.key ?? "",
    sites: sites.map((site) => blockValues(server, site)),
  };
}

function blockValues(server: Server, site: Site): Values {
  const trusted = site.exceptions.trustedProxies.map((cidr) => cidr.text);
  const plainRoutes = site.routes.filter((route) => route.fallback === null);
  const listens = listensOf(site, server);
  const tls = listens.some((listen) => listen.tls) ? site.tls : null;
  return {
    id: variableId(site.name),
    listens: listens.map(listenValues),
    hosts: site.hosts,
    certificate: tls?.certificate ?? "",
    key: tls?.key ?? "",
    gate: `gate.${site.name}.conf`,
    routes: plainRoutes.map(({ path, dir }) => ({ path, dir: `${dir}/` })),
    // A second `location /` would be an error.
    rootRoute: site.routes.some((route) => route.path === "/"),
    upstream: site.upstream === null ? "" : ident(`fence_${site.upstream}`),
    trusted,
    hasTrusted: trusted.length > 0,
  };
}

function backendText(backend: Backend): string {
  if (backend.kind === "unix") return `unix:${backend.path}`;
  return `${backend.host.includes(":") ? `[${backend.host}]` : backend.host}:${backend.port}`;
}

function listenValues(listen: Listen): Values {
  return { address: socketName(listen), tls: listen.tls, http2: listen.http2 };
}
