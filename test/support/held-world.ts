import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import type { WebServerKind } from "../../src/spec/types.js";
import { sync } from "../../src/verify/control-sync.js";
import { startCountingBackend, type CountingBackend } from "./counting-backend.js";
import type { Need } from "./needs.js";
import { createWorld, freePort, until, type World, type WorldOptions } from "./world.js";

/** A kind of server as it holds. */
export interface HoldingKind {
  name: string;
  kind: WebServerKind;
  workers: number;
  need: Need[];
  /** In a config of the user's own; else in one of fence's. */
  own?: (world: Pick<World, "folder" | "port">) => string;
}

/** Those that hold through fence's gate, and by themselves. */
export const HOLDING_KINDS: readonly HoldingKind[] = [
  { name: "lighttpd without workers", kind: "lighttpd", workers: 0, need: ["lighttpd", "root"] },
  { name: "lighttpd with 2 workers", kind: "lighttpd", workers: 2, need: ["lighttpd", "root"] },
  { name: "nginx with 2 workers", kind: "nginx", workers: 2, need: ["nginx", "root"] },
  { name: "nginx with Lua and 2 workers", kind: "nginx-lua", workers: 2, need: ["nginx-lua", "root"] },
  { name: "the proxy", kind: "proxy", workers: 1, need: ["root"] },
];

/** A config of nginx that somebody has, wired for fence. */
export const OWN_NGINX: HoldingKind = {
  name: "nginx in a config of the user's own",
  kind: "nginx",
  workers: 2,
  need: ["nginx", "root"],
  own: ({ folder, port }) => ownNginx(folder, port),
};

/** @param locations what stands in the server block, behind the gate and in the place of the one location */
export function ownNginx(folder: string, port: number, locations?: string): string {
  const rendered = `${folder}/rendered/web`;
  return `user www-data;
worker_processes 2;
worker_rlimit_nofile 16384;
pid ${folder}/run/web/server.pid;
error_log ${folder}/run/web/error.log warn;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/state/temp_client_body;
  proxy_temp_path ${folder}/state/temp_proxy;
  fastcgi_temp_path ${folder}/state/temp_fastcgi;
  uwsgi_temp_path ${folder}/state/temp_uwsgi;
  scgi_temp_path ${folder}/state/temp_scgi;
  map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
  include ${rendered}/gate.http.conf;
  server {
    listen 127.0.0.1:${port};
    server_name main.test;
    include ${rendered}/gate.main.conf;
${
  locations ??
  `    location / {
      include ${rendered}/enter.main.conf;
      proxy_pass http://$fence_main_upstream;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Cookie $fence_cookie;
      proxy_read_timeout 10m;
      client_max_body_size 0;
      add_header X-Fence-Mode $fence_main_told always;
    }`
}
  }
}
`;
}

/** What `fence status --json` says of the site. */
interface SiteReport {
  mode: string;
  verified: boolean;
  hold: { held: number; inflight: number } | null;
  servers: { name: string; inflight: number | null }[];
}

/** A world whose site can be held, in front of a backend that counts. */
export interface HeldWorld extends World {
  kind: WebServerKind;
  backend: CountingBackend;
  /** A command of fence that must end with 0. */
  done(...args: string[]): Promise<void>;
  /** Holds the site for longer than any test takes. */
  hold(...args: string[]): Promise<void>;
  site(): Promise<SiteReport>;
  /** Requests that wait; -1: nobody answers who would know. */
  heldNow(): Promise<number>;
  waiting(count: number): Promise<void>;
  /** Ids that the backend has executed, but for so many. */
  seen(from: number): string[];
  /** How many it has executed by now. */
  executedNow(): Promise<number>;
}

export async function startHeldWorld(
  { kind, workers, own }: Pick<HoldingKind, "kind" | "workers" | "own">,
  options: Omit<WorldOptions, "kind" | "serverLines" | "backendPort"> = {},
): Promise<HeldWorld> {
  const isGated = kind === "lighttpd" || kind === "nginx";
  const backend = await startCountingBackend(await freePort());
  const plain = await createWorld({
    ...options,
    kind,
    serverLines: own === undefined ? `workers = ${workers}` : 'config = "include"',
    backendPort: backend.port,
  });
  const world: HeldWorld = {
    ...plain,
    kind,
    backend,
    async done(...args) {
      const { code, stdout, stderr } = await plain.fence(...args);
      assert.equal(code, 0, `${args.join(" ")}: ${stdout}${stderr}`);
    },
    hold: (...args) => world.done("hold", "--for", "5m", "--max-wait", "4m", ...args),
    async site() {
      const { stdout } = await plain.fence("status", "--json");
      const [main] = (JSON.parse(stdout) as { sites: SiteReport[] }).sites;
      assert.ok(main);
      return main;
    },
    // Asked where they wait: a program of its own for each look would take longer than a hold.
    async heldNow() {
      const socket = `${plain.folder}/run/${isGated ? "gate" : "web"}/control.sock`;
      return (await sync(socket, "main").catch(() => null))?.held?.count ?? -1;
    },
    waiting: (count) => until(`${count} requests to wait`, async () => (await world.heldNow()) === count),
    seen: (from) =>
      backend
        .executed()
        .slice(from)
        .map(({ id }) => id),
    async executedNow() {
      await backend.told();
      return backend.executed().length;
    },
    async end() {
      await plain.fence("up");
      await plain.end();
      await backend.kill();
    },
  };
  try {
    await world.done("apply");
    await world.start(own && written(plain.folder, own(plain)));
  } catch (error) {
    await world.end();
    throw error;
  }
  return world;
}

function written(folder: string, config: string): string {
  const file = `${folder}/own.conf`;
  writeFileSync(file, config);
  return file;
}
