import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../base/clock.js";
import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import { endsWithin, processInfo } from "../base/process-info.js";
import { printable } from "../base/printable.js";
import { suggest } from "../base/suggest.js";
import type { StatusReport } from "../proxy/status.js";
import { adapterOf } from "../servers/registry.js";
import type { Server, Spec } from "../spec/types.js";
import { findMaster } from "../verify/running.js";
import type { ProxyOptions } from "./commands/proxy.js";
import type { Context } from "./context.js";
import { loadSpecOf } from "./machine.js";
import { PROXY_ACTIONS, type ProxyAction } from "./proxy-actions.js";
import { FIND_FD, type FoundProxy } from "./proxy-run.js";

const LOOK_MS = 20;
const ANSWER_MS = 2000;

/** `fence proxy ACTION [SERVER]`. */
export async function proxy(
  context: Context,
  options: ProxyOptions,
  action: string,
  name: string | null,
): Promise<ExitName> {
  if (!isAction(action)) {
    const near = suggest(action, PROXY_ACTIONS);
    const hint = `${near === null ? "" : `did you mean ${near}? `}the actions are ${PROXY_ACTIONS.join(", ")}`;
    throw new FenceError("usage", `${JSON.stringify(action)} is no action of fence proxy`, { hint });
  }
  const spec = await loadSpecOf(context);
  const server = proxyNamed(spec, name);
  switch (action) {
    case "run":
      return find(options, documentOf(spec, server));
    case "status":
      return showStatus(context, spec, server);
    case "reload":
      return reload(context, options, spec, server);
    case "upgrade":
      return upgrade(context, options, spec, server);
    case "stop":
      return stop(context, options, server);
  }
}

function isAction(word: string): word is ProxyAction {
  return (PROXY_ACTIONS as readonly string[]).includes(word);
}

/** @throws FenceError unknown-server */
function proxyNamed(spec: Spec, name: string | null): Server {
  const proxies = spec.servers.filter((server) => server.kind === "proxy");
  const names = proxies.map((server) => server.name).join(", ");
  if (name === null) {
    const [only, ...others] = proxies;
    if (only !== undefined && others.length === 0) return only;
    const message =
      only === undefined ? "the spec has no server of kind proxy" : `which proxy? there are ${names}`;
    throw new FenceError(only === undefined ? "unknown-server" : "usage", message);
  }
  const found = proxies.find((server) => server.name === name);
  if (found !== undefined) return found;
  const hint = names === "" ? 'none of the spec is: set kind = "proxy"' : `the proxies are ${names}`;
  throw new FenceError("unknown-server", `${printable(name)} is no server of kind proxy`, { hint });
}

/**
 * Tells the process that is to serve what it serves by. An edit of the spec that was not rendered does not come into
 * force by a start: of the spec only the place of the document counts here.
 */
function find(options: ProxyOptions, file: string): ExitName {
  if (!existsSync(file)) {
    const hint = "fence apply writes it; fence render does, too, and changes nothing else";
    throw new FenceError("not-applied", `nothing is rendered yet: there is no ${file}`, { hint });
  }
  const found: FoundProxy = { file, accessLog: options.accessLog === true };
  writeSync(FIND_FD, JSON.stringify(found));
  return "ok";
}

/** What a proxy serves by. */
function documentOf(spec: Spec, server: Server): string {
  return join(spec.outputDir, server.name, "proxy.json");
}

function controlSocketOf(spec: Spec, server: Server): string {
  const [site] = spec.sites.filter((one) => one.servers.includes(server.name));
  const socket =
    site === undefined ? null : adapterOf(server.kind).switchPoint(spec, server, site).controlSocket;
  if (socket === null) throw new FenceError("server-unfit", `no site is served by ${server.name}`);
  return socket;
}

async function showStatus(context: Context, spec: Spec, server: Server): Promise<ExitName> {
  const report = await statusOf(spec, server);
  if (context.json) context.out.line(JSON.stringify({ schema: "fence/proxy-status@1", ...report }));
  else
    for (const line of statusText(report, await whatWaits(spec, server, report)))
      context.out.line(printable(line));
  return "ok";
}

/** What is not in force yet, and what brings it about; null: nothing. */
async function whatWaits(spec: Spec, server: Server, { configSha256 }: StatusReport): Promise<string | null> {
  const [{ planOf }, { createRenderer }] = await Promise.all([
    import("../plan/plan.js"),
    import("../render/render.js"),
  ]);
  const { files } = createRenderer(adapterOf).renderTree(planOf(spec, adapterOf));
  const own = files.find(({ path }) => path === `${server.name}/proxy.json`);
  const rendered = readFileSync(documentOf(spec, server), "utf8");
  if (rendered !== own?.content) return "fence.toml was changed since: fence apply --reload";
  const sha256 = createHash("sha256").update(rendered).digest("hex");
  return sha256 === configSha256 ? null : "what it serves by was rendered anew: fence proxy reload";
}

function statusText(report: StatusReport, waits: string | null): string[] {
  const { pid, uptimeSec, connections, reloadProblem, stopping } = report;
  const count = (number: number, one: string, many: string): string =>
    `${number} ${number === 1 ? one : many}`;
  return [
    `process ${pid}, up ${uptimeSec} s, ${count(connections, "connection", "connections")}${stopping ? ", stopping" : ""}`,
    ...(waits === null ? [] : [waits]),
    ...(reloadProblem === null ? [] : [`the last reload changed nothing: ${reloadProblem}`]),
    ...(report.workers ?? []).map(
      ({ pid, state, restarts, connections }) =>
        `worker ${pid ?? "none"}: ${state}, ${count(connections ?? 0, "connection", "connections")}, ${count(restarts, "restart", "restarts")}`,
    ),
    ...(report.retiring ?? []).map(
      ({ pid, connections }) =>
        `process ${pid ?? "unknown"} was replaced, and ends with its last request: ${count(connections ?? 0, "connection", "connections")}`,
    ),
    ...report.sites.map(
      ({ name, mode, generation, inflight, tunnels }) =>
        `site ${name}: ${mode}, generation ${generation ?? "none"}, ${inflight} in flight, ${count(tunnels, "tunnel", "tunnels")}`,
    ),
    ...report.queues
      .filter(({ waiting }) => waiting > 0)
      .map(
        ({ upstream, waiting }) =>
          `upstream ${upstream}: ${count(waiting, "request waits", "requests wait")}`,
      ),
    ...report.names
      .filter(({ problem }) => problem !== null)
      .map(
        ({ upstream, name, addresses, problem }) =>
          `name ${name} of ${upstream}: not found (${problem}), ${addresses === "" ? "no address is known" : `still taken for ${addresses}`}`,
      ),
    ...report.backends.map(
      ({ upstream, backend, state, problem, inflight, idle, refusedSecAgo }) =>
        `backend ${upstream} ${backend}: ${state}${problem === null ? "" : ` (last check: ${problem})`}, ${inflight} in flight, ${idle} idle` +
        (refusedSecAgo === null ? "" : `, refused ${refusedSecAgo} s ago`),
    ),
  ];
}

/** @throws FenceError server-not-running */
async function statusOf(spec: Spec, server: Server): Promise<StatusReport> {
  const { askControl } = await import("../proxy/process/ask-control.js");
  try {
    return await askControl<StatusReport>(controlSocketOf(spec, server), "GET", "/status", ANSWER_MS);
  } catch (cause) {
    throw new FenceError(
      "server-not-running",
      `${server.name} does not answer: ${(cause as Error).message}`,
      { cause },
    );
  }
}

async function reload(
  context: Context,
  options: ProxyOptions,
  spec: Spec,
  server: Server,
): Promise<ExitName> {
  const before = await statusOf(spec, server);
  const pid = await masterOf(server);
  process.kill(pid, "SIGHUP");
  const after = await waitUntil(
    async () => {
      const now = await statusOf(spec, server);
      return now.reloads !== before.reloads || now.reloadsFailed !== before.reloadsFailed ? now : null;
    },
    { timeoutMs: options.timeout, intervalMs: LOOK_MS },
  );
  if (after === null || after.reloads === before.reloads) {
    const why = after?.reloadProblem ?? "no answer in time";
    throw new FenceError("reload-failed", `${server.name} runs on with what it had: ${why}`);
  }
  if (context.json)
    context.out.line(JSON.stringify({ schema: "fence/proxy-reload@1", pid, reloads: after.reloads }));
  else context.out.line(`${server.name} serves by ${documentOf(spec, server)}`);
  return "ok";
}

/** A new process, with the code that is on the disk now, in the place of the one that runs. */
async function upgrade(
  context: Context,
  options: ProxyOptions,
  spec: Spec,
  server: Server,
): Promise<ExitName> {
  await statusOf(spec, server);
  const { askControl } = await import("../proxy/process/ask-control.js");
  const socket = controlSocketOf(spec, server);
  let done: { pid: number; from: number };
  try {
    done = await askControl(socket, "POST", "/upgrade", options.timeout);
  } catch (cause) {
    const message = `${server.name} was not upgraded, and runs on as it was: ${(cause as Error).message}`;
    throw new FenceError("upgrade-failed", message, { cause });
  }
  if (context.json) context.out.line(JSON.stringify({ schema: "fence/proxy-upgrade@1", ...done }));
  else
    context.out.line(
      `${server.name} is process ${done.pid} now; process ${done.from} ends with its last request`,
    );
  return "ok";
}

async function stop(context: Context, options: ProxyOptions, server: Server): Promise<ExitName> {
  const pid = await masterOf(server);
  const start = processInfo(pid)?.start ?? "";
  process.kill(pid, "SIGTERM");
  if (!(await endsWithin(pid, start, options.timeout)))
    throw new FenceError("reload-failed", `${server.name} (process ${pid}) has not ended yet`);
  if (context.json) context.out.line(JSON.stringify({ schema: "fence/proxy-stop@1", pid }));
  else context.out.line(`${server.name} has ended`);
  return "ok";
}

/** @throws FenceError server-not-running */
async function masterOf(server: Server): Promise<number> {
  const { pid, problem } = await findMaster(server);
  if (pid !== null) return pid;
  throw new FenceError("server-not-running", `${server.name} is not running: ${problem ?? "no process"}`);
}
