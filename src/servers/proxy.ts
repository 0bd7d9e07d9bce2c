import type { Site, Spec, Server } from "../spec/types.js";
import { EncodeError, type Limit, type ServerAdapter } from "./adapter.js";
import { controlSocket, NGINX_RUN_FOLDER } from "./nginx-sites.js";
import { nginxVariant } from "./nginx-variant.js";
import { folderPoint, wiring } from "./nginx.js";
import { listensOf, sitesOf } from "./sites.js";

/** sun_path of Linux, without the closing NUL. */
const SOCKET_PATH_BYTES_MAX = 107;

/**
 * The web server that is part of fence. It reads fence.toml itself; `proxy.json` is what it serves by, written so that
 * `fence plan` shows what an edit changes and `fence apply` knows whether the proxy has to reload. A variant is the
 * same folder as that of nginx.
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
  reloadShows: "nothing",
  version: null,
  unfit: () => [],
  limits: limitsProxy,
};

/** All of the spec that the proxy acts on, except what a variant carries. */
function servedBy(spec: Spec, server: Server) {
  const sites = sitesOf(spec, server);
  const used = new Set(sites.map((site) => site.upstream));
  return {
    server: server.name,
    pidFile: server.pidFile,
    controlSocket: controlSocket(spec, server),
    upstreams: spec.upstreams.filter((upstream) => used.has(upstream.name)),
    sites: sites.map((site) => siteFacts(server, site)),
  };
}

function siteFacts(server: Server, site: Site) {
  const { status, header, headers, retryAfterSec, paths, corsOrigins } = site.maintenance;
  const { allow, trustedProxies, pass, acme, health } = site.exceptions;
  return {
    name: site.name,
    hosts: site.hosts,
    listen: listensOf(site, server),
    upstream: site.upstream,
    tls: site.tls,
    routes: site.routes,
    maintenance: { status, header, headers, retryAfterSec, paths, corsOrigins },
    exceptions: {
      allow: allow.map(({ text }) => text),
      trustedProxies: trustedProxies.map(({ text }) => text),
      pass,
      acme,
      health,
    },
  };
}

function limitsProxy(spec: Spec, server: Server): Limit[] {
  const found: Limit[] = [];
  const socket = controlSocket(spec, server);
  if (Buffer.byteLength(socket) > SOCKET_PATH_BYTES_MAX) {
    const sentence = `The control socket ${socket} is longer than ${SOCKET_PATH_BYTES_MAX} bytes; choose a shorter run_dir.`;
    found.push({ level: "refuse", site: null, sentence });
  }
  const note = (sentence: string): void => void found.push({ level: "note", site: null, sentence });
  if (sitesOf(spec, server).some((site) => listensOf(site, server).some((listen) => listen.tls)))
    note("The proxy speaks HTTP/1.1 alone, also over TLS: no HTTP/2 yet.");
  note(
    "The proxy is one process on one core; more workers and a restart without a gap are not supported yet.",
  );
  return found;
}
