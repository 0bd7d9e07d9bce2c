import { DEFAULTS } from "../spec/defaults.js";
import type { Server, Site, Spec } from "../spec/types.js";
import type { Limit } from "./adapter.js";
import { holdLimits } from "./nginx-hold.js";
import { limitsOfLive } from "./nginx-limits.js";
import { controlSocket, holdsByItself } from "./nginx-sites.js";
import { refuseProxyOnly } from "./proxy-only.js";
import { refusedListens, sitesOf } from "./sites.js";

/** sun_path of Linux, without the closing NUL. */
const SOCKET_PATH_BYTES_MAX = 107;

/** What stands against this nginx, from its version and the output of `nginx -V`. */
export function unfitNginx(version: string, buildInfo: string): string[] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const problems: string[] = [];
  if (major < 1 || (major === 1 && minor < 18))
    problems.push(`nginx ${version} is older than 1.18, the oldest that fence knows.`);
  for (const module of ["geo", "map", "rewrite", "limit_conn", "limit_req"]) {
    if (!buildInfo.includes(`--without-http_${module}_module`)) continue;
    problems.push(`this nginx was built without its ${module} module, which the gate is written with.`);
  }
  return problems;
}

/** Limits of both kinds. */
function limitsNginx(spec: Spec, server: Server): Limit[] {
  const found = [
    ...refusedListens(spec, server),
    ...refuseProxyOnly(spec, server),
    ...limitsOfLive(spec, server),
  ];
  for (const site of sitesOf(spec, server)) {
    if (site.name === "http") {
      const sentence =
        "A site cannot be named http here: gate.http.conf is what all gates share; choose another name.";
      found.push({ level: "refuse", site: site.name, sentence });
    }
    const paths = [site.tls?.certificate, site.tls?.key];
    if (server.config === "standalone" && paths.some((path) => path?.includes("$"))) {
      const sentence =
        'nginx takes a "$" in the path of a certificate or key for a variable; choose another path.';
      found.push({ level: "refuse", site: site.name, sentence });
    }
  }
  if (server.config === "include") {
    const sentence =
      "Include gate.http.conf in http and gate.<site>.conf first in the site's server block; an error_page of the http " +
      "level no longer reaches that block.";
    found.push({ level: "note", site: null, sentence });
    const bypass =
      "In a config of your own the cookie of a bypass reaches your backends, and staff are not told that the site is " +
      "down, until its locations use $fence_cookie and $fence_<site>_told.";
    found.push({ level: "note", site: null, sentence: bypass });
  }
  return found;
}

export function limitsLua(spec: Spec, server: Server): Limit[] {
  const found = limitsNginx(spec, server);
  const socket = controlSocket(spec, server);
  if (Buffer.byteLength(socket) > SOCKET_PATH_BYTES_MAX) {
    const sentence = `The control socket ${socket} is longer than ${SOCKET_PATH_BYTES_MAX} bytes; choose a shorter run_dir.`;
    found.push({ level: "refuse", site: null, sentence });
  }
  const sentence = `After a kill -9 of its master nginx does not start before ${socket} is removed.`;
  found.push({ level: "note", site: null, sentence });
  return [...found, ...holdLimits(spec, server), ...limitsOfBody(spec, server)];
}

/** max_body of a site that is held by nginx itself. */
function limitsOfBody(spec: Spec, server: Server): Limit[] {
  const set = ({ hold }: Site): boolean => hold.maxBodyBytes !== DEFAULTS["site.hold.max_body"].value;
  return sitesOf(spec, server)
    .filter((site) => holdsByItself(server, site) && set(site))
    .map(({ name }) => ({
      level: "note",
      site: name,
      sentence: `hold.max_body of [site.${name}] means nothing here: of a request that waits nothing is read ahead.`,
    }));
}

export function limitsStock(spec: Spec, server: Server): Limit[] {
  const steps =
    "Retry-After is the time left at the switch, rounded up to a step of a fixed table, and does not count down: stock " +
    "nginx cannot calculate.";
  const open = "A state folder that is gone or that workers cannot read leaves its sites up.";
  return [
    ...limitsNginx(spec, server),
    ...holdLimits(spec, server),
    { level: "note", site: null, sentence: steps },
    { level: "note", site: null, sentence: open },
  ];
}
