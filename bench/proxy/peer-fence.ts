import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { fence, proxyCommand } from "../stand.js";
import { DOWN_HOST, UP_HOST, type Peer, type Stand } from "./peer.js";

const MANIFEST = fileURLToPath(new URL("../../../package.json", import.meta.url));

/** fence's own proxy, with one site that is up and one that is taken down. */
export const FENCE: Peer = {
  name: "fence",
  install: "it is this project",
  version: () => (JSON.parse(readFileSync(MANIFEST, "utf8")) as { version: string }).version,
  rooms: ["proxied", "static", "down", "sendfile", "fastcgi"],
  hasWorkers: true,
  async prepare(stand) {
    const specFile = specFileOf(stand);
    writeFileSync(specFile, specText(stand));
    await fence({ specFile }, "apply");
    return proxyCommand(specFile);
  },
  async settle(stand) {
    if (stand.asked.room === "down") await fence({ specFile: specFileOf(stand) }, "down", "closed");
  },
};

function specFileOf({ folder }: Stand): string {
  return path.join(folder, "fence.toml");
}

function specText({ asked, port, httpPort, fastcgiPort, files }: Stand): string {
  const isFastcgi = asked.room === "fastcgi";
  return [
    `state_dir = "state"`,
    `run_dir = "run"`,
    `output = "rendered"`,
    `[server.web]`,
    `kind = "proxy"`,
    `listen = ["127.0.0.1:${port}"]`,
    ...(asked.workers === 1 ? [] : [`workers = ${asked.workers}`]),
    `[upstream.app]`,
    `backends = ["127.0.0.1:${isFastcgi ? fastcgiPort : httpPort}"]`,
    ...(isFastcgi ? [`protocol = "fastcgi"`, `[upstream.app.cgi]`, `root = "${files}"`] : []),
    `[site.main]`,
    `hosts = ["${UP_HOST}"]`,
    `upstream = "app"`,
    ...(asked.room === "sendfile"
      ? [
          `[site.main.sendfile]`,
          `roots = ["${files}"]`,
          `accel = [{ prefix = "/internal/", dir = "${files}" }]`,
        ]
      : []),
    `[[site.main.route]]`,
    `path = "/files/"`,
    `dir = "${files}"`,
    `[site.closed]`,
    `hosts = ["${DOWN_HOST}"]`,
    `upstream = "app"`,
    ``,
  ].join("\n");
}
