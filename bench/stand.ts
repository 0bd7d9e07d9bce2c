import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { ServerKind } from "../src/spec/types.js";
import { findProgram, type Need } from "../test/support/needs.js";
import { freePort, runFence, type CliResult } from "../test/support/world.js";
import { startListening, type Command, type RunningServer } from "./running.js";

/** What the machine needs for a kind; the fittest kind first. */
export const KINDS: readonly { kind: ServerKind; need: Need; install: string }[] = [
  { kind: "nginx-lua", need: "nginx-lua", install: "apt install nginx libnginx-mod-http-lua" },
  { kind: "nginx", need: "nginx", install: "apt install nginx" },
  { kind: "lighttpd", need: "lighttpd", install: "apt install lighttpd lighttpd-modules-lua" },
  { kind: "proxy", need: "linux", install: "" },
];

const FENCE = fileURLToPath(new URL("../../bin/fence.js", import.meta.url));

/** A temporary folder with a backend, a spec for one server of a kind, and one site `main` on it. */
export interface Stand {
  kind: ServerKind;
  folder: string;
  specFile: string;
  /** Of the server's listener on 127.0.0.1. */
  port: number;
  /** Folder of the rendered config of the server. */
  serverFolder: string;
  close(): Promise<void>;
}

export interface StandOptions {
  kind: ServerKind;
  workers: number;
  /** Of a backend that is there; absent: the stand has one of its own. */
  backendPort?: number;
}

export async function createStand({ kind, workers, backendPort }: StandOptions): Promise<Stand> {
  const folder = mkdtempSync(path.join(tmpdir(), `fence-${kind}-`));
  // workers of another user read what lies below
  chmodSync(folder, 0o755);
  const backend = backendPort === undefined ? await startBackend() : null;
  const port = await freePort();
  mkdirSync(path.join(folder, "static"));
  writeFileSync(path.join(folder, "static", "1k.txt"), "x".repeat(1024));
  const specFile = path.join(folder, "fence.toml");
  writeFileSync(
    specFile,
    specText({
      kind,
      workers,
      port,
      backendPort: backendPort ?? (backend?.address() as AddressInfo).port,
    }),
  );
  return {
    kind,
    folder,
    specFile,
    port,
    serverFolder: path.join(folder, "rendered", "web"),
    async close() {
      backend?.closeAllConnections();
      backend?.close();
      if (backend !== null) await once(backend, "close");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function specText(values: { kind: ServerKind; workers: number; port: number; backendPort: number }): string {
  const asRoot = process.getuid?.() === 0;
  const program = findProgram(values.kind === "lighttpd" ? "lighttpd" : "nginx") ?? values.kind;
  const own = [
    `workers = ${values.workers}`,
    `program = "${program}"`,
    ...(asRoot ? [`user = "${unprivilegedUser()}"`] : []),
  ];
  return [
    `state_dir = "state"`,
    `run_dir = "run"`,
    `output = "rendered"`,
    `[server.web]`,
    `kind = "${values.kind}"`,
    `listen = ["127.0.0.1:${values.port}"]`,
    ...(values.kind === "proxy" ? [] : own),
    `[upstream.app]`,
    `backends = ["127.0.0.1:${values.backendPort}"]`,
    `[site.main]`,
    `hosts = ["localhost", "main.test"]`,
    `upstream = "app"`,
    `[[site.main.route]]`,
    `path = "/static/"`,
    `dir = "static"`,
    ``,
  ].join("\n");
}

function unprivilegedUser(): string {
  const users = readFileSync("/etc/passwd", "utf8").split("\n");
  return users.some((line) => line.startsWith("www-data:")) ? "www-data" : "nobody";
}

/** Answers everything with 1 KB. */
async function startBackend(): Promise<Server> {
  const body = "x".repeat(1024);
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    request.resume();
    response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": body.length });
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** Runs the fence program itself, as a person would; what it said is the error when it did not end with 0. */
export async function fence(stand: Pick<Stand, "specFile">, ...args: string[]): Promise<CliResult> {
  const result = await runFence(["-c", stand.specFile, ...args]);
  if (result.code === 0) return result;
  throw new Error(`fence ${args.join(" ")} ended with ${result.code}\n${result.stdout}${result.stderr}`);
}

/** Starts the real server in the foreground on a main config (the proxy: the spec), and waits until its port accepts connections. */
export async function startServer(
  kind: ServerKind,
  mainConfig: string,
  port: number,
): Promise<RunningServer> {
  return startListening(commandOf(kind, mainConfig), port);
}

function commandOf(kind: ServerKind, mainConfig: string): Command {
  if (kind === "lighttpd") return { program: "lighttpd", args: ["-D", "-f", mainConfig] };
  if (kind === "proxy") return proxyCommand(mainConfig);
  return { program: "nginx", args: ["-c", mainConfig, "-e", "stderr", "-g", "daemon off;"] };
}

/** fence's own proxy, for the server `web` of a spec. */
export function proxyCommand(specFile: string): Command {
  return { program: process.execPath, args: [FENCE, "-c", specFile, "proxy", "run", "web"] };
}

/** What the server of a stand is started on. */
export function mainConfigOf({ kind, serverFolder, specFile }: Stand): string {
  if (kind === "proxy") return specFile;
  return path.join(serverFolder, kind === "lighttpd" ? "lighttpd.conf" : "nginx.conf");
}
