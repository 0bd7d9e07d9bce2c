import { lstat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { whyReloadStalls } from "../apply/reload-risk.js";
import { wiredLimits } from "../apply/wired.js";
import { findProgram, run } from "../base/run.js";
import type { ServerAdapter } from "../servers/adapter.js";
import { adapterOf } from "../servers/registry.js";
import { SERVER_KINDS, type Server, type WebServerKind, type Spec } from "../spec/types.js";
import { findMaster } from "../verify/running.js";
import { ofHoldAlone } from "./check.js";
import type { Finding } from "./doctor.js";

const VERSION_TIMEOUT_MS = 5000;
const DEFAULT_PROGRAM: Readonly<Record<WebServerKind, string>> = {
  lighttpd: "lighttpd",
  "nginx-lua": "nginx",
  nginx: "nginx",
  proxy: "fence-proxy",
};

/** What can be said of a server of the spec on this host. */
export async function serverFindings(spec: Spec, server: Server): Promise<Finding[]> {
  const adapter = adapterOf(server.kind);
  const findings = await programFindings(adapter, server.program, server.name);
  if (server.moduleDir !== null) findings.push(...(await moduleFindings(server.moduleDir, server.name)));
  const master = await findMaster(server);
  const wired = (await wiredLimits(spec, server, master.pid)).map(ofHoldAlone);
  for (const limit of [...adapter.limits(spec, server), ...wired]) {
    const level = limit.level === "refuse" ? "problem" : "note";
    const about = limit.site === null ? server.name : `${server.name}, ${limit.site}`;
    findings.push({ level, about, sentence: limit.sentence });
  }
  findings.push(
    master.running === "yes"
      ? { level: "ok", about: server.name, sentence: `runs as process ${master.pid}` }
      : {
          level: master.running === "no" ? "note" : "problem",
          about: server.name,
          sentence:
            master.running === "no"
              ? `does not run: ${master.problem}`
              : (master.problem ?? "cannot be told apart"),
        },
  );
  const stalls = await whyReloadStalls({ findMaster: async () => master }, server);
  if (stalls !== null)
    findings.push({
      level: "note",
      about: server.name,
      sentence: `better restarted than reloaded: ${stalls}`,
    });
  findings.push(...(await socketFindings(spec, server, adapter)));
  return findings;
}

/** Without a spec: which servers this host could be fenced on. */
export async function kindFindings(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const kind of SERVER_KINDS) {
    const found = await programFindings(adapterOf(kind), DEFAULT_PROGRAM[kind], kind);
    // Nobody has asked for this kind yet, so that it is missing or unfit stands in no one's way.
    findings.push(
      ...found.map((finding) => ({
        ...finding,
        level: finding.level === "ok" ? finding.level : ("note" as const),
      })),
    );
  }
  return findings;
}

async function programFindings(adapter: ServerAdapter, program: string, about: string): Promise<Finding[]> {
  if (adapter.version === null) return [{ level: "ok", about, sentence: "is part of fence" }];
  const path = findProgram(program);
  if (path === null) return [{ level: "problem", about, sentence: `${program} is not installed here` }];
  const done = await run(path, adapter.version.args, { timeoutMs: VERSION_TIMEOUT_MS });
  const info = done.stdout + done.stderr;
  const version = adapter.version.pattern.exec(info)?.[1] ?? null;
  if (version === null) return [{ level: "problem", about, sentence: `${path} does not tell its version` }];
  const unfit = adapter.unfit(version, info);
  return [
    { level: "ok", about, sentence: `${path} ${version}` },
    ...unfit.map((sentence) => ({ level: "problem" as const, about, sentence })),
  ];
}

const LUA_MODULES = ["ndk_http_module.so", "ngx_http_lua_module.so"];

async function moduleFindings(folder: string, about: string): Promise<Finding[]> {
  const missing: string[] = [];
  for (const name of LUA_MODULES) {
    const isThere = await lstat(join(folder, name)).then(
      () => true,
      () => false,
    );
    if (!isThere) missing.push(name);
  }
  if (missing.length === 0) return [{ level: "ok", about, sentence: `Lua modules in ${folder}` }];
  return [
    {
      level: "problem",
      about,
      sentence: `${folder} lacks ${missing.join(" and ")} (Debian: libnginx-mod-http-lua)`,
    },
  ];
}

/** A socket file that nobody listens on stays behind when a server is killed. */
async function socketFindings(spec: Spec, server: Server, adapter: ServerAdapter): Promise<Finding[]> {
  const sites = spec.sites.filter((site) => site.servers.includes(server.name));
  const paths = new Set(sites.map((site) => adapter.switchPoint(spec, server, site).controlSocket));
  const findings: Finding[] = [];
  for (const path of paths) {
    if (path === null) continue;
    const isThere = await lstat(path).then(
      () => true,
      () => false,
    );
    if (!isThere) continue;
    const problem = await connectProblem(path);
    if (problem === "ECONNREFUSED") {
      findings.push({
        level: "note",
        about: server.name,
        sentence: `nobody listens on ${path}: left by a server that was killed`,
      });
    } else if (problem !== null) {
      findings.push({ level: "problem", about: server.name, sentence: `cannot use ${path} (${problem})` });
    } else findings.push({ level: "ok", about: server.name, sentence: `answers on ${path}` });
  }
  return findings;
}

function connectProblem(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(null);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "unknown"));
  });
}
