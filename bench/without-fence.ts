import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { mainConfigOf, type Stand } from "./stand.js";

/** What makes a rendered main config fence's: the lines that bring in the gate, and the module that only it needs. */
const LIGHTTPD_GATE = [/^include "gate\.conf"\n/m, /"mod_magnet"/];
const NGINX_GATE = [
  /^load_module .*;\n/gm,
  /^ *include gate\.http\.conf;\n/m,
  /^ *include "?gate\.main\.conf"?;\n/m,
];
/** nginx with Lua alone: where requests are counted, and wait. */
const NGINX_ENTER = [/^ *include "?enter\.main\.conf"?;\n/m];
/** Stock nginx alone: where requests wait, and how those at the backends are counted. */
const NGINX_HOLD = [/^ *include hold\.http\.conf;\n/m, /^ *include "?hold\.main\.conf"?;\n/m];
const NGINX_COUNT = /^limit_conn fence_main_inflight .*;\n/m;
/** The cookie of a bypass is taken out. */
const NGINX_COOKIE = /^proxy_set_header Cookie \$fence_cookie;\n/m;
/** What staff who pass are told. */
const NGINX_TOLD = /^ *add_header \S+ \$fence_main_told always;\n/m;

/**
 * The main config of a copied rendered tree as it would be without fence, on a port and with a pid file of its own.
 * Throws when a line that should be there is not: then the templates have changed and this must follow.
 */
export function withoutFence(stand: Stand, folder: string, port: number): string {
  const isLighttpd = stand.kind === "lighttpd";
  let text = readFileSync(path.join(folder, path.basename(mainConfigOf(stand))), "utf8");
  const hold = stand.kind === "nginx" ? NGINX_HOLD : NGINX_ENTER;
  for (const line of isLighttpd ? LIGHTTPD_GATE : [...NGINX_GATE, ...hold, NGINX_TOLD]) {
    const without = text.replace(line, "");
    // stock nginx loads no module
    if (without === text && !(stand.kind === "nginx" && line.source.includes("load_module"))) {
      throw new Error(`no line matches ${String(line)} in the config of ${stand.kind}`);
    }
    text = without;
  }
  const live = path.join(folder, "live.main.conf");
  if (!isLighttpd) for (const line of [NGINX_COOKIE, NGINX_TOLD]) withoutLine(live, line);
  if (stand.kind === "nginx") withoutLine(live, NGINX_COUNT);
  const pidFile = path.join(folder, "server.pid");
  return isLighttpd
    ? text
        .replace(/^server\.port = .*$/m, `server.port = ${port}`)
        .replace(/^(server\.pid-file = ).*$/m, `$1"${pidFile}"`)
    : text
        .replaceAll(`127.0.0.1:${stand.port}`, `127.0.0.1:${port}`)
        .replace(/^pid .*;$/m, `pid "${pidFile}";`);
}

function withoutLine(file: string, line: RegExp): void {
  const text = readFileSync(file, "utf8");
  if (!line.test(text)) throw new Error(`no line matches ${String(line)} in ${file}`);
  writeFileSync(file, text.replace(line, ""));
}
