import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { MODES, type Mode } from "../../src/base/mode.js";
import type { Machine } from "../../src/apply/machine.js";
import type { SwitchRequest } from "../../src/apply/types.js";
import type { Plan, RenderedTree } from "../../src/plan/types.js";
import type { SwitchPoint } from "../../src/servers/adapter.js";
import type { ModeValues, Server, Site } from "../../src/spec/types.js";
import { readOnDisk } from "../../src/switch/on-disk.js";
import type { Observation } from "../../src/verify/types.js";
import { PLAIN_SERVER, PLAIN_PAGE, PLAIN_SITE } from "./spec-parts.js";

/** A new folder that is removed when the test file ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "fence-test-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const SETTLE = { delayMs: 0, timeoutMs: 60 };
const LOOKS_MIN = 8;

function serverOf(name: string, kind: Server["kind"], folder: string): Server {
  return {
    name,
    kind,
    config: "standalone",
    listen: [],
    workers: 0,
    user: null,
    pidFile: join(folder, `run/${name}/server.pid`),
    program: "/bin/false",
    moduleDir: null,
    statCache: "simple",
    ...PLAIN_SERVER,
  };
}

function siteOf(name: string, servers: readonly string[]): Site {
  return {
    name,
    hosts: [`${name}.example.com`],
    servers,
    listen: {},
    upstream: null,
    tls: null,
    routes: [],
    upstreamRoutes: [],
    maintenance: {
      status: 503,
      retryAfterSec: 120,
      header: "X-Maintenance-Mode",
      headers: [],
      pageHtml: null,
      page: PLAIN_PAGE,
      title: "Down for maintenance",
      message: "spec message",
      reason: "",
      paths: ["/"],
      onExpiry: "alert",
      corsOrigins: [],
    },
    exceptions: { allow: [], trustedProxies: [], pass: [], acme: true, health: null },
    settle: SETTLE,
    ...PLAIN_SITE,
  };
}

/**
 * A plan without a spec file: each site on the servers `web` (form file) and `edge` (form folder).
 * The servers exist only as fakeMachine sees them: they serve what is on the disk.
 */
export function planOf(folder: string, sites: readonly string[] = ["main"]): Plan {
  const stateDir = join(folder, "state");
  const servers = [serverOf("web", "lighttpd", folder), serverOf("edge", "nginx", folder)];
  const point = (site: string, server: Server): SwitchPoint => {
    const form = server.name === "web" ? "file" : "folder";
    const home = join(stateDir, "servers", server.name);
    return {
      site,
      server: server.name,
      kind: server.kind,
      form,
      active: join(home, `${site}${form === "file" ? ".lua" : ""}`),
      touch: form === "file",
      controlSocket: null,
    };
  };
  return {
    spec: {
      file: join(folder, "fence.toml"),
      sha256: "0".repeat(64),
      stateDir,
      runDir: join(folder, "run"),
      outputDir: join(folder, "rendered"),
      servers,
      upstreams: [],
      workers: [],
      notify: [],
      sites: sites.map((name) => siteOf(name, ["web", "edge"])),
    },
    files: [],
    runFolders: [],
    gatePoints: [],
    switchPoints: servers.flatMap((server) => sites.map((site) => point(site, server))),
  };
}

/** Where the fake departs from "every server runs and serves what is on the disk". */
export interface Lies {
  running?: (server: string) => "yes" | "no" | "unknown";
  observe?: (point: SwitchPoint, truth: Observation) => Observation | Promise<Observation>;
  traffic?: Machine["traffic"];
  modes?: readonly Mode[];
  configTest?: Machine["configTest"];
  tree?: RenderedTree;
  /** Stands in every variant; a new text is like a changed spec. */
  page?: () => string;
  now?: () => number;
}

export function fakeMachine(lies: Lies = {}): Machine {
  const running = lies.running ?? (() => "yes" as const);
  const observe = async (point: SwitchPoint): Promise<Observation> => {
    const state = running(point.server);
    const { mode, generation } = readOnDisk(point);
    const isShown = state === "yes" && mode !== null && mode !== "unknown";
    const truth: Observation = {
      site: point.site,
      server: point.server,
      running: state,
      mode: isShown ? mode : "unknown",
      generation: isShown ? generation : null,
      workers: [],
      probes: [],
      inflight: null,
      held: null,
      problems: isShown ? [] : ["nothing answered"],
    };
    return lies.observe ? lies.observe(point, truth) : truth;
  };
  return {
    ensureGate: () => Promise.resolve(),
    stopGate: () => Promise.resolve(),
    wiredLimits: async () => [],
    async whyUnreadable() {
      return null;
    },
    async findMaster(server) {
      const state = running(server);
      return {
        running: state,
        pid: state === "yes" ? 1 : null,
        problem: state === "yes" ? null : "no pid file",
      };
    },
    observe,
    traffic: lies.traffic ?? (async () => ({ running: "yes", inflight: 0, held: null, problem: null })),
    modesOf: () => lies.modes ?? MODES,
    async prove(point, expected, options) {
      const began = performance.now();
      for (let right = 0, looks = 1; ; looks += 1) {
        const last = await observe(point);
        const isRight =
          last.problems.length === 0 &&
          last.mode === expected.mode &&
          last.generation === expected.generation;
        right = isRight ? right + 1 : 0;
        const tookMs = performance.now() - began;
        if (right >= 3 && tookMs >= options.delayMs) return { proven: true, tookMs, problems: [], last };
        // A machine that is busy is no server that lies: a proof is not given up before it has looked often enough.
        const isOver =
          options.signal?.aborted === true || (looks >= LOOKS_MIN && tookMs >= options.timeoutMs);
        if (isOver && right < 3) return { proven: false, tookMs, problems: [`shows ${last.mode}`], last };
        options.onLook?.(last, tookMs);
        await new Promise((resolve) => setTimeout(resolve, right > 0 && tookMs >= options.delayMs ? 0 : 5));
      }
    },
    configTest: lies.configTest ?? (async () => ({ result: "passed", output: "", command: "true" })),
    renderVariant: (point, values) => variantOf(point, values, lies.page?.() ?? "page"),
    renderTree: () => lies.tree ?? { digest: "0".repeat(64), files: [] },
    now: lies.now ?? (() => Date.now()),
  };
}

function variantOf(
  point: SwitchPoint,
  values: ModeValues,
  page: string,
): { name: string; content: string }[] {
  const { mode, generation } = values;
  const stamp = `fence variant=${mode} generation=${generation} site=${point.site}`;
  const body = `${JSON.stringify({ ...values, page })}\n`;
  if (point.form === "file")
    return [{ name: "variant.lua", content: `-- ${stamp} (generated, do not edit)\n${body}` }];
  return [
    { name: "variant", content: `${stamp}\n` },
    { name: "body.html", content: body },
  ];
}

export function requestOf(
  mode: Mode,
  sites: readonly string[] = ["main"],
  rest: Partial<SwitchRequest> = {},
): SwitchRequest {
  return {
    mode,
    sites,
    reason: null,
    message: null,
    untilMs: null,
    hold: null,
    settleMs: null,
    timeoutMs: null,
    wait: true,
    dryRun: false,
    ifNotRunning: "stage",
    lockTimeoutMs: 0,
    by: "tester",
    command: `fence ${mode} ${sites.join(" ")}`,
    ...rest,
  };
}
