import { upstreamNamesOf } from "../spec/route-of.js";
import type { Site, Spec, Server } from "../spec/types.js";
import { EncodeError, type Limit, type ServerAdapter } from "./adapter.js";
import { activePath, controlSocket, NGINX_RUN_FOLDER } from "./nginx-sites.js";
import { nginxVariant } from "./nginx-variant.js";
import { folderPoint, wiring } from "./nginx.js";
import { PROXY_SCHEMA, type DocumentSite, type ProxyDocument } from "./proxy-document.js";
import { allListens, listensOf, sitesOf, socketName } from "./sites.js";

/** sun_path of Linux, without the closing NUL. */
const SOCKET_PATH_BYTES_MAX = 107;

/**
 * The web server that is part of fence. As every server it serves by what was rendered, `proxy.json`, and never reads
 * fence.toml: an edit comes into force by `fence apply`, and not by a restart. A variant is the same folder as that of
 * nginx.
 */
export const proxy: ServerAdapter = {
  kind: "proxy",
  modes: ["up", "down", "hold"],
  encoders: {
    /** Text that is JSON already. */
    document(value) {
      try {
        JSON.parse(value);
      } catch {
        throw new EncodeError("not a JSON document");
      }
      return value;
    },
  },

  files(spec, server) {
    const document = JSON.stringify(servedBy(spec, server), null, 2);
    return [wiring("proxy.json", "proxy/proxy.json", { document })];
  },

  switchPoint(spec, server, site) {
    return folderPoint("proxy", spec, server, site, controlSocket(spec, server));
  },

  variant(_spec, _server, site, values) {
    return nginxVariant(site, values);
  },

  configTest: () => null,
  runFolder: () => NGINX_RUN_FOLDER,
  reloadSignal: "SIGHUP",
  reloadShows: "config-digest",
  version: null,
  unfit: () => [],
  limits: limitsProxy,
};

/** All of the spec that the proxy acts on: what changes nothing for it is left out, so that it asks for no reload. */
function servedBy(spec: Spec, server: Server): ProxyDocument {
  const sites = sitesOf(spec, server);
  const used = new Set(sites.flatMap(upstreamNamesOf));
  const {
    kind: _kind,
    config: _config,
    program: _program,
    moduleDir: _dir,
    statCache: _cache,
    ...own
  } = server;
  return {
    schema: PROXY_SCHEMA,
    controlSocket: controlSocket(spec, server),
    server: own,
    upstreams: spec.upstreams.filter((upstream) => used.has(upstream.name)),
    sites: sites.map((site) => siteFacts(spec, server, site)),
  };
}

function siteFacts(spec: Spec, server: Server, site: Site): DocumentSite {
  const { servers: _servers, worker: _worker, settle: _settle, hold: _hold, maintenance, ...own } = site;
  const {
    pageHtml: _html,
    onExpiry: _onExpiry,
    page: _page,
    title: _title,
    message: _message,
    reason: _reason,
    ...told
  } = maintenance;
  return {
    ...own,
    active: activePath(spec, server, site),
    listen: listensOf(site, server),
    maintenance: told,
  };
}

function limitsProxy(spec: Spec, server: Server): Limit[] {
  const found: Limit[] = sitesOf(spec, server).flatMap(compressesNothing);
  const socket = controlSocket(spec, server);
  if (Buffer.byteLength(socket) > SOCKET_PATH_BYTES_MAX) {
    const sentence = `The control socket ${socket} is longer than ${SOCKET_PATH_BYTES_MAX} bytes; choose a shorter run_dir.`;
    found.push({ level: "refuse", site: null, sentence });
  }
  const note = (sentence: string): void => void found.push({ level: "note", site: null, sentence });
  for (const listen of allListens(spec, server)) {
    if (listen.tls && !listen.http2)
      note(`${socketName(listen)} speaks HTTP/1.1 alone: HTTP/2 is offered with http2 = true.`);
  }
  return found;
}

/** The proxy compresses on their way the answers of backends; a key that is taken and does nothing would be a lie. */
function compressesNothing(site: Site): Limit[] {
  const { name, compress } = site;
  if (compress === null || upstreamNamesOf(site).length > 0) return [];
  const sentence = `compress of [site.${name}] is for answers of backends, and the site has none; write precompressed = true in its routes, or remove it.`;
  return [{ level: "refuse", site: name, sentence }];
}
