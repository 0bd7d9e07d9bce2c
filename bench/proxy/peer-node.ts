import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Peer } from "./peer.js";

const FOLDER = fileURLToPath(new URL("../../../bench/peers/", import.meta.url));

/** Each is a script of bench/peers named as the peer, about what its package's own documents show. */
export const NODE_PEERS: readonly Peer[] = [
  nodePeer("http-proxy", "http-proxy"),
  nodePeer("http-proxy-3", "http-proxy-3"),
  nodePeer("httpxy", "httpxy"),
  nodePeer("fast-proxy", "fast-proxy"),
  nodePeer("fastify-http-proxy", "@fastify/http-proxy"),
  nodePeer("node-undici", "undici"),
];

function nodePeer(name: string, packageName: string): Peer {
  const manifest = path.join(FOLDER, "node_modules", packageName, "package.json");
  return {
    name,
    install: "npm ci --prefix bench/peers --ignore-scripts",
    version: () =>
      existsSync(manifest)
        ? (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version
        : null,
    rooms: ["proxied"],
    hasWorkers: false,
    async prepare({ port, httpPort }) {
      return {
        program: process.execPath,
        args: [path.join(FOLDER, `${name}.mjs`), String(port), String(httpPort)],
      };
    },
  };
}
