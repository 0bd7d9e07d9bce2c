import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Mode } from "../../src/base/mode.js";
import { createTemplates } from "../../src/render/templates.js";
import type { SwitchPoint } from "../../src/servers/adapter.js";
import { lighttpd } from "../../src/servers/lighttpd.js";
import type { Cidr, ModeValues, Server, Site, Spec } from "../../src/spec/types.js";
import { observeWorkers } from "../../src/verify/lighttpd.js";
import { PLAIN_SERVER, PLAIN_PAGE, PLAIN_SITE } from "./spec-parts.js";
import { httpAt } from "./listen.js";

export const LIGHTTPD = "/usr/sbin/lighttpd";

/** A folder that a server running as another user may read; removed by the caller. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "fence-lighttpd-"));
  chmodSync(folder, 0o755);
  return folder;
}

/** A server entry on 127.0.0.1, with defaults for what a test does not care about. */
export function serverOn(folder: string, port: number, more: Partial<Server> = {}): Server {
  const name = more.name ?? "web";
  return {
    name,
    kind: "lighttpd",
    config: "standalone",
    listen: [httpAt(port)],
    workers: 0,
    user: null,
    pidFile: `${folder}/run/${name}/server.pid`,
    program: LIGHTTPD,
    moduleDir: null,
    statCache: "simple",
    ...PLAIN_SERVER,
    ...more,
  };
}

export type SiteParts = Partial<Omit<Site, "maintenance" | "exceptions">> & {
  maintenance?: Partial<Site["maintenance"]>;
  exceptions?: Partial<Site["exceptions"]>;
};

/** A site for the host `NAME.test`, with defaults for what a test does not care about. */
export function siteNamed(name: string, server: Server, more: SiteParts = {}): Site {
  return {
    name,
    hosts: [`${name}.test`],
    servers: [server.name],
    listen: { [server.name]: server.listen },
    upstream: "app",
    tls: null,
    routes: [],
    upstreamRoutes: [],
    settle: { delayMs: 0, timeoutMs: 10_000 },
    ...PLAIN_SITE,
    ...more,
    maintenance: { ...MAINTENANCE, ...more.maintenance },
    exceptions: { ...EXCEPTIONS, ...more.exceptions },
  };
}

const MAINTENANCE: Site["maintenance"] = {
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
};

const EXCEPTIONS: Site["exceptions"] = { allow: [], trustedProxies: [], pass: [], acme: true, health: null };

export function specOf(folder: string, servers: Server[], sites: Site[], upstreams: Spec["upstreams"]): Spec {
  return {
    file: `${folder}/fence.toml`,
    sha256: "0".repeat(64),
    stateDir: `${folder}/state`,
    runDir: `${folder}/run`,
    outputDir: `${folder}/rendered`,
    servers,
    upstreams,
    workers: [],
    notify: [],
    sites,
  };
}

/** `range("192.0.2.0/24", "c0000200", "c00002ff")`: eight hex digits for IPv4, 32 for IPv6. */
export function range(text: string, first: string, last: string): Cidr {
  const isV4 = first.length === 8;
  const full = (digits: string) => (isV4 ? `${"0".repeat(20)}ffff${digits}` : digits);
  return { family: isV4 ? 4 : 6, text, first: full(first), last: full(last) };
}

export function modeValues(mode: Mode, generation: number, more: Partial<ModeValues> = {}): ModeValues {
  return {
    mode,
    generation,
    retryAfterSec: 120,
    untilMs: null,
    leftSec: null,
    message: "",
    reason: "",
    hold: null,
    ...more,
  };
}

const render = createTemplates(lighttpd.encoders);

/** Writes the server's files and makes its folders, every site up with generation 1. */
export function install(spec: Spec, server: Server): void {
  for (const file of lighttpd.files(spec, server)) {
    write(`${spec.outputDir}/${server.name}/${file.path}`, render(file.template, file.values));
  }
  const { mode, pidFileOwner } = lighttpd.runFolder(server);
  mkdirSync(dirname(server.pidFile), { recursive: true, mode });
  if (pidFileOwner !== null) {
    writeFileSync(server.pidFile, "");
    execFileSync("chown", ["--", pidFileOwner, server.pidFile]);
  }
  for (const site of spec.sites) put(spec, server, site, modeValues("up", 1));
}

/** The text of a variant. */
export function variantText(spec: Spec, server: Server, site: Site, values: ModeValues): string {
  const [file] = lighttpd.variant(spec, server, site, values);
  if (!file) throw new Error("no variant");
  return "content" in file.source ? file.source.content : render(file.source.template, file.source.values);
}

/** Puts a variant in force as a switch does: a new file, rename, new times. */
export function put(spec: Spec, server: Server, site: Site, values: ModeValues): SwitchPoint {
  const point = lighttpd.switchPoint(spec, server, site);
  write(`${point.active}.new`, variantText(spec, server, site, values));
  renameSync(`${point.active}.new`, point.active);
  const now = new Date();
  utimesSync(point.active, now, now);
  return point;
}

/** Puts a variant in force and waits until every worker acts on it. */
export async function switchTo(
  spec: Spec,
  server: Server,
  site: Site,
  values: ModeValues,
  masterPid: number,
): Promise<void> {
  const point = put(spec, server, site, values);
  const end = performance.now() + 30_000;
  for (;;) {
    const view = await observeWorkers(point, server, masterPid);
    if (view.problem === null && view.workers.length > 0 && view.workers.every((worker) => worker.settled))
      return;
    if (performance.now() > end) throw new Error(`not settled: ${JSON.stringify(view)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export interface RunningLighttpd {
  masterPid: number;
  /** What it has written to stderr. */
  errors(): string;
  stop(): Promise<void>;
}

/** Starts the rendered config and waits until its pid file is written and it listens. */
export async function startLighttpd(config: string, pidFile: string): Promise<RunningLighttpd> {
  // In a session of its own: with workers, the master signals its whole process group when it ends.
  const child = spawn(LIGHTTPD, ["-D", "-f", config], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const end = performance.now() + 15_000;
  while (!errors.includes("server started")) {
    if (child.exitCode !== null || performance.now() > end) {
      child.kill("SIGKILL");
      throw new Error(`lighttpd did not start: ${errors}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { masterPid: Number(readFileSync(pidFile, "utf8")), errors: () => errors, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
