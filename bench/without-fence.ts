import { readFileSync } from "node:fs";
import path from "node:path";
import { mainConfigOf, type Stand } from "./stand.js";

/** What makes a rendered main config fence's: the lines that bring in the gate, and the module that only it needs. */
const LIGHTTPD_GATE = [/^include "gate\.conf"\n/m, /"mod_magnet"/];
const NGINX_GATE = [
  /^load_module .*;\n/gm,
  /^ *include gate\.http\.conf;\n/m,
  /^ *include "?gate\.main\.conf"?;\n/m,
];

/**
 * The main config of a copied rendered tree as it would be without fence, on a port and with a pid file of its own.
 * Throws when a line that should be there is not: then the templates have changed and this must follow.
 */
export function withoutFence(stand: Stand, folder: string, port: number): string {
  const isLighttpd = stand.kind === "lighttpd";
  let text = readFileSync(path.join(folder, path.basename(mainConfigOf(stand))), "utf8");
  for (const line of isLighttpd ? LIGHTTPD_GATE : NGINX_GATE) {
    const without = text.replace(line, "");
    // stock nginx loads no module
    if (without === text && !(stand.kind === "nginx" && line.source.includes("load_module"))) {
      throw new Error(`no line matches ${String(line)} in the config of ${stand.kind}`);
    }
    text = without;
  }
  const pidFile = path.join(folder, "server.pid");
  return isLighttpd
    ? text
        .replace(/^server\.port = .*$/m, `server.port = ${port}`)
        .replace(/^(server\.pid-file = ).*$/m, `$1"${pidFile}"`)
    : text
        .replaceAll(`127.0.0.1:${stand.port}`, `127.0.0.1:${port}`)
        .replace(/^pid .*;$/m, `pid "${pidFile}";`);
}
