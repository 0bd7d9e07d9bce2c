import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { planOf } from "../../src/plan/plan.js";
import type { Plan } from "../../src/plan/types.js";
import { createRenderer } from "../../src/render/render.js";
import type { SwitchPoint } from "../../src/servers/adapter.js";
import { adapterOf } from "../../src/servers/registry.js";
import type { ModeValues, ServerKind, Site, Spec } from "../../src/spec/types.js";
import { commit } from "../../src/switch/commit.js";
import { stage } from "../../src/switch/stage.js";
import { nginxWorkers } from "../../src/verify/nginx-workers.js";
import { observeWorkers as observeNginxLua } from "../../src/verify/nginx-lua.js";
import { observeWorkers as observeProxy } from "../../src/verify/proxy.js";
import type { WorkersView } from "../../src/verify/types.js";
import { until } from "./world.js";
import { PLAIN_SERVER, PLAIN_PAGE, PLAIN_SITE, upstreamOf } from "./spec-parts.js";

/** The proxy has the same variants, and stands in for nginx in these tests. */
export type NginxKind = Extract<ServerKind, "nginx" | "nginx-lua" | "proxy">;

const PROXY_CHILD = fileURLToPath(new URL("proxy-child.js", import.meta.url));

export interface NginxWorld {
  folder: string;
  plan: Plan;
  backend: Backend;
  point(site: string): SwitchPoint;
  /** Renders, stages and commits a mode, and has nginx-lua take it over. */
  switchTo(site: string, values: Partial<ModeValues>): Promise<number>;
  workerPids(): number[];
  masterPid(): number;
  /** What the server has written to stderr so far. */
  errors(): string;
  /** Asks nginx-lua to read the state of a site; null for the stock kind. */
  sync(site: string): Promise<WorkersView | null>;
  end(): Promise<void>;
}

export interface Backend {
  port: number;
  /** `METHOD URL` of every request. */
  seen: string[];
  headers: http.IncomingHttpHeaders[];
  close(): void;
}

/** A site with every default. */
export function siteOf(name: string, rest: Partial<Site> = {}): Site {
  return {
    name,
    hosts: [`${name}.test`],
    servers: ["web"],
    listen: {},
    upstream: "app",
    tls: null,
    routes: [],
    upstreamRoutes: [],
    settle: { delayMs: 0, timeoutMs: 10_000 },
    ...PLAIN_SITE,
    ...rest,
    maintenance: {
      status: 503,
      retryAfterSec: 120,
      header: "X-Maintenance-Mode",
      headers: [],
      pageHtml: null,
      page: PLAIN_PAGE,
      title: "Down for maintenance",
      message: "",
      reason: "",
      paths: ["/"],
      onExpiry: "alert",
      corsOrigins: [],
      ...rest.maintenance,
    },
    exceptions: { allow: [], trustedProxies: [], pass: [], acme: true, health: null, ...rest.exceptions },
  };
}

/** The spec of one nginx with two workers in `folder`. */
export function nginxSpec(
  kind: NginxKind,
  folder: string,
  backendPort: number,
  listen: Spec["servers"][number]["listen"],
  sites: readonly Site[],
): Spec {
  return {
    file: join(folder, "fence.toml"),
    sha256: "0".repeat(64),
    stateDir: join(folder, "state"),
    runDir: join(folder, "run"),
    outputDir: join(folder, "rendered"),
    servers: [
      {
        name: "web",
        kind,
        config: "standalone",
        listen,
        workers: kind === "proxy" ? 1 : 2,
        user: kind === "proxy" ? null : "www-data",
        pidFile: join(folder, "run/web/server.pid"),
        program: kind === "proxy" ? "fence-proxy" : "nginx",
        moduleDir: kind === "nginx-lua" ? "/usr/lib/nginx/modules" : null,
        statCache: "simple",
        ...PLAIN_SERVER,
      },
    ],
    upstreams: [upstreamOf("app", [{ kind: "tcp", host: "127.0.0.1", port: backendPort }])],
    workers: [],
    notify: [],
    sites: sites.map((site) => ({ ...site, listen: { web: site.listen["web"] ?? listen } })),
  };
}

/** Renders a spec into a folder of its own, as for a config of the user's own. @returns the folder of its only server */
export function renderInclude(spec: Spec, folder: string): string {
  const servers = spec.servers.map((server) => ({ ...server, config: "include" as const }));
  // Its files name each other by whole paths.
  writeTree(planOf({ ...spec, servers, outputDir: folder }, adapterOf), folder);
  return join(folder, spec.servers[0]?.name ?? "");
}

function writeTree(plan: Plan, folder: string): void {
  for (const file of createRenderer(adapterOf).renderTree(plan).files) {
    const path = join(folder, file.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.content);
  }
}

/** Renders the spec that `build` makes, puts every site up and starts nginx on it. */
export async function startNginx(
  build: (folder: string, backend: Backend) => Spec | Promise<Spec>,
): Promise<NginxWorld> {
  const folder = mkdtempSync(join(tmpdir(), "fence-nginx-"));
  chmodSync(folder, 0o755);
  const backend = await startBackend();
  const plan = planOf(await build(folder, backend), adapterOf);
  const renderer = createRenderer(adapterOf);
  const { spec } = plan;
  writeTree(plan, spec.outputDir);
  mkdirSync(join(spec.runDir, "web"), { recursive: true });
  chmodSync(join(spec.runDir, "web"), 0o700);
  let generation = 0;
  let errors = "";
  let child: ChildProcess | null = null;
  const isProxy = spec.servers[0]?.kind === "proxy";
  const master = () => Number(readFileSync(join(spec.runDir, "web/server.pid"), "utf8"));
  const pointOf = (site: string): SwitchPoint => {
    const found = plan.switchPoints.find((point) => point.site === site);
    if (!found) throw new Error(`no site ${site}`);
    return found;
  };
  const world: NginxWorld = {
    folder,
    plan,
    backend,
    point: pointOf,
    async switchTo(site, values) {
      const point = pointOf(site);
      generation += 1;
      const all = {
        mode: "up",
        generation,
        retryAfterSec: 120,
        untilMs: null,
        leftSec: null,
        message: "",
        reason: "",
        hold: null,
        ...values,
      } as const;
      stage(point, generation, renderer.renderVariant(plan, point, all));
      commit(point, generation);
      const view = child ? await world.sync(site) : null;
      if (view && (view.problem !== null || view.workers.some((worker) => worker.settled !== true))) {
        throw new Error(`not settled: ${JSON.stringify(view)}`);
      }
      return generation;
    },
    masterPid: master,
    errors: () => errors,
    sync(name) {
      const [server] = spec.servers;
      const point = pointOf(name);
      const site = spec.sites.find((one) => one.name === name);
      if (!server || !site || !point.controlSocket) return Promise.resolve(null);
      const observe = point.kind === "proxy" ? observeProxy : observeNginxLua;
      return observe(point, server, master(), { site, gate: null });
    },
    workerPids: () => (isProxy ? [master()] : nginxWorkers(master()).map((worker) => worker.pid)),
    async end() {
      if (child && child.exitCode === null) {
        const gone = new Promise((resolve) => child?.once("exit", resolve));
        child.kill("SIGTERM");
        await gone;
      }
      backend.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  for (const site of spec.sites) await world.switchTo(site.name, { mode: "up" });
  child = isProxy ? startProxy(spec) : startMaster(spec);
  const started = child;
  child.stderr?.on("data", (chunk) => (errors += String(chunk)));
  await until("nginx to have its workers", () => {
    if (started.exitCode !== null) {
      backend.close();
      throw new Error(`nginx did not start: ${errors}`);
    }
    const pidFile = join(spec.runDir, "web/server.pid");
    return existsSync(pidFile) && master() > 0 && world.workerPids().length === (isProxy ? 1 : 2);
  });
  return world;
}

function startMaster(spec: Spec): ChildProcess {
  const args = ["-c", join(spec.outputDir, "web/nginx.conf"), "-g", "daemon off;"];
  return spawn("nginx", args, { detached: true, stdio: ["ignore", "ignore", "pipe"] });
}

function startProxy(spec: Spec): ChildProcess {
  const file = join(spec.outputDir, "web/proxy.json");
  return spawn(process.execPath, [PROXY_CHILD, file], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
}

/** Answers every request with its own method and URL, after having read the body. */
async function startBackend(): Promise<Backend> {
  const seen: string[] = [];
  const headers: http.IncomingHttpHeaders[] = [];
  const server = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    headers.push(request.headers);
    let bytes = 0;
    request.on("data", (chunk: Buffer) => (bytes += chunk.length));
    request.on("end", () => {
      const body = `live ${request.method} ${request.url} ${bytes}\n`;
      response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": Buffer.byteLength(body) });
      response.end(body);
    });
  });
  server.on("upgrade", (request, socket) => {
    seen.push(`${request.method} ${request.url}`);
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    const head = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n";
    socket.end(`${head}Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    headers,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
