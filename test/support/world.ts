import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { randomInt } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { childrenOf, isAlive, processInfo } from "../../src/base/process-info.js";
import type { WebServerKind } from "../../src/spec/types.js";

export const FENCE = fileURLToPath(new URL("../../../bin/fence.js", import.meta.url));

/** Below those that the kernel gives to clients, one of which may take a port whose server is away for a moment. */
const LISTENING_PORTS = [10_000, 32_768] as const;

const PROGRAM: Readonly<Record<WebServerKind, string>> = {
  lighttpd: "/usr/sbin/lighttpd",
  nginx: "/usr/sbin/nginx",
  "nginx-lua": "/usr/sbin/nginx",
  proxy: "fence-proxy",
};

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface WorldOptions {
  kind: WebServerKind;
  /** Where it listens besides, as TOML. */
  listens?: readonly string[];
  /** Lines for `[server.web]`. */
  serverLines?: string;
  /** Lines for `[upstream.app]`; `backends` are given. */
  upstreamLines?: string;
  /** Lines for `[site.main]` and its tables; `hosts` and `upstream` are given. */
  siteLines?: string;
  /** Port of a backend that the test brings along. */
  backendPort?: number;
  /** Another fence than that of the sources. */
  program?: string;
  /** Backends that the test brings along, as TOML. */
  backends?: readonly string[];
}

/** One real server in front of one small backend, driven through the fence program as a user would. */
export interface World {
  folder: string;
  specFile: string;
  port: number;
  /** Requests that the backend has received. */
  backendRequests(): number;
  fence(...args: string[]): Promise<CliResult>;
  /** The fence program under way; the caller ends it. */
  fenceProcess(...args: string[]): ChildProcess;
  start(mainConfig?: string): Promise<void>;
  /** Waits until the server is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  masterPid(): number;
  /** Status of one GET to the site. */
  get(
    path?: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; headers: http.IncomingHttpHeaders; body: string }>;
  end(): Promise<void>;
}

export async function createWorld(options: WorldOptions): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "fence-world-"));
  chmodSync(folder, 0o755);
  const backend = await startBackend();
  const port = await freePort();
  const specFile = join(folder, "fence.toml");
  writeFileSync(specFile, specText(folder, options, port, options.backendPort ?? backend.port));
  const pidFile = join(folder, "run/web/server.pid");
  const program = options.program ?? FENCE;
  let server: RenderedServer | null = null;

  const world: World = {
    folder,
    specFile,
    port,
    backendRequests: () => backend.requests(),
    fence: (...args) => runFence(["-c", specFile, ...args], undefined, program),
    fenceProcess: (...args) => spawn(...commandOf(program, ["-c", specFile, ...args]), { stdio: "pipe" }),
    async start(mainConfig) {
      server = await startRendered(options.kind, world, mainConfig, program);
    },
    async stop(signal = "SIGTERM") {
      await server?.stop(signal);
      server = null;
    },
    masterPid: () => Number(readFileSync(pidFile, "utf8")),
    get: (path = "/", headers = {}) => get(port, path, headers),
    async end() {
      await world.stop();
      const gate = gatePid(folder);
      // It would wait for a while whether somebody needs it again.
      if (isAlive(gate, processInfo(gate)?.start ?? "")) process.kill(gate, "SIGUSR2");
      backend.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** A real server with the config that fence has rendered for `[server.web]`. */
export interface RenderedServer {
  /** Waits until it is gone, with its workers. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** @param mainConfig in the place of the rendered one; of a proxy, the spec */
export async function startRendered(
  kind: WebServerKind,
  { folder, port }: Pick<World, "folder" | "port">,
  mainConfig?: string,
  program: string = FENCE,
): Promise<RenderedServer> {
  const pidFile = join(folder, "run/web/server.pid");
  const name = kind === "lighttpd" ? "lighttpd.conf" : "nginx.conf";
  const server =
    kind === "proxy"
      ? startProxy(program, mainConfig ?? join(folder, "fence.toml"))
      : startServer(kind, mainConfig ?? join(folder, "rendered/web", name));
  const output = collect(server);
  try {
    await until(`${kind} to answer`, async () => {
      if (server.exitCode !== null) throw new Error(`${kind} did not start: ${output()}`);
      return existsSync(pidFile) && readFileSync(pidFile, "utf8").trim() !== "" && (await isOpen(port));
    });
  } catch (error) {
    server.kill("SIGKILL");
    throw error;
  }
  return { stop: (signal = "SIGTERM") => stopServer(server, signal) };
}

async function stopServer(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  // After a reload old workers live on for their last requests, and hold the sockets that the next start needs.
  const workers = descendantsOf(server.pid ?? 0).map((pid) => ({
    pid,
    start: processInfo(pid)?.start ?? "",
  }));
  const gone = new Promise((resolve) => server.once("exit", resolve));
  server.kill(signal);
  await gone;
  await until("the workers to end", () => workers.every(({ pid, start }) => !isAlive(pid, start)));
}

/** Polls until `condition` holds; the deadline is only there so that a broken test ends. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs = 120_000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

function specText(folder: string, options: WorldOptions, port: number, backendPort: number): string {
  return `state_dir = "${folder}/state"
run_dir = "${folder}/run"
output = "${folder}/rendered"

[server.web]
kind = "${options.kind}"
listen = [${[`"127.0.0.1:${port}"`, ...(options.listens ?? [])].join(", ")}]
${options.kind === "proxy" ? "" : `program = "${PROGRAM[options.kind]}"\nuser = "www-data"`}
${options.serverLines ?? ""}

[upstream.app]
backends = [${options.backends?.join(", ") ?? `"127.0.0.1:${backendPort}"`}]
${options.upstreamLines ?? ""}

[site.main]
hosts = ["main.test"]
upstream = "app"
${options.siteLines ?? ""}
`;
}

/** A fence is a script for Node, or an executable by itself. */
function commandOf(program: string, args: readonly string[]): [program: string, args: string[]] {
  return program.endsWith(".js") ? [process.execPath, [program, ...args]] : [program, [...args]];
}

export function runFence(args: readonly string[], cwd?: string, program: string = FENCE): Promise<CliResult> {
  return resultOf(
    spawn(...commandOf(program, args), {
      stdio: ["ignore", "pipe", "pipe"],
      cwd: cwd ?? dirname(FENCE),
    }),
  );
}

export function resultOf(child: ChildProcessByStdio<null, Readable, Readable>): Promise<CliResult> {
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Of the gate that keeps the one that serves; 0: there is none. */
export function gatePid(folder: string): number {
  const file = join(folder, "run/gate/server.pid");
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
}

/** In a session of its own: lighttpd's master signals its whole process group when it ends. */
function startServer(kind: WebServerKind, config: string): ChildProcess {
  const args = kind === "lighttpd" ? ["-D", "-f", config] : ["-c", config, "-g", "daemon off;"];
  return spawn(PROGRAM[kind], args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
}

function startProxy(program: string, spec: string): ChildProcess {
  const command = commandOf(program, ["-c", spec, "proxy", "run", "web"]);
  return spawn(...command, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
}

function collect(child: ChildProcess): () => string {
  let text = "";
  child.stdout?.on("data", (chunk) => (text += String(chunk)));
  child.stderr?.on("data", (chunk) => (text += String(chunk)));
  return () => text;
}

async function startBackend() {
  let requests = 0;
  const server = http.createServer((request, response) => {
    requests += 1;
    request.resume().on("end", () => response.end(`backend ${request.method} ${request.url}\n`));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests: () => requests,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LISTENING_PORTS[0], LISTENING_PORTS[1]);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

async function isOpen(port: number): Promise<boolean> {
  try {
    await get(port, "/", {});
    return true;
  } catch {
    return false;
  }
}

function get(port: number, path: string, headers: Record<string, string>) {
  return new Promise<{ status: number; headers: http.IncomingHttpHeaders; body: string }>(
    (resolve, reject) => {
      const request = http.get(
        { host: "127.0.0.1", port, path, agent: false, headers: { Host: "main.test", ...headers } },
        (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
          response.on("error", reject);
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
          );
        },
      );
      request.on("error", reject);
    },
  );
}
