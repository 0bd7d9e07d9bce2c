/**
 * The demo: a real web server under a steady load, taken down and up again by the real program, and an account of
 * every request. Ends with 1 when one was lost.
 *
 *   npm run demo -- [--server KIND] [--all] [--toggles N]
 */
import { parseArgs } from "node:util";
import { SERVER_KINDS, type ServerKind } from "../src/spec/types.js";
import { startLoad, type Load, type LoadReport } from "../test/support/load.js";
import { has, needs } from "../test/support/needs.js";
import { createStand, fence, KINDS, mainConfigOf, startServer, type Stand } from "./stand.js";
import { spreadOf } from "./statistics.js";

const CONNECTIONS = 24;
/** 24 connections with this pause are some 1,000 requests a second. */
const PAUSE_MS = 20;
/** What the recipe of 2008 waits after `cp`, in the hope that every worker has seen the new script. */
const CLASSIC_SLEEP_MS = 8000;

interface Account {
  report: LoadReport;
  /** From the start of the command to its end: what a person waits. */
  downMs: number[];
  upMs: number[];
}

const cleanups: (() => Promise<void>)[] = [];
let stopping = false;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      server: { type: "string" },
      all: { type: "boolean", default: false },
      toggles: { type: "string", default: "5" },
    },
  });
  const toggles = Number(values.toggles);
  if (!Number.isInteger(toggles) || toggles < 1) throw new Error("--toggles takes a whole number, 1 or more");
  const kinds = chosenKinds(values.server ?? null, values.all);
  if (kinds.length === 0) return 1;
  let lost = 0;
  for (const kind of kinds) lost += await show(kind, toggles);
  return lost === 0 ? 0 : 1;
}

/** The kinds to show; says what to install when there is none. */
function chosenKinds(server: string | null, all: boolean): ServerKind[] {
  const known = SERVER_KINDS.find((kind) => kind === server);
  if (server !== null && known === undefined) throw new Error(`--server takes one of ${SERVER_KINDS.join(", ")}`);
  const wanted = KINDS.filter(({ kind }) => known === undefined || kind === known);
  const installed = wanted.filter(({ need }) => has(need));
  if (installed.length === 0) {
    console.log("The demo drives a real web server, and there is none here. On Debian or Ubuntu, any of these will do:");
    for (const { kind, install, need } of wanted) console.log(`  ${install}   # ${kind}: ${String(needs(need).skip)}`);
  }
  return installed.map(({ kind }) => kind).slice(0, all ? undefined : 1);
}

async function show(kind: ServerKind, toggles: number): Promise<number> {
  const stand = await createStand({ kind, workers: 2 });
  cleanups.push(() => stand.close());
  console.log(`\n${kind}: a spec in ${stand.folder}, one site, 2 workers, a small backend`);
  console.log("  $ fence apply");
  await fence(stand, "apply");
  const server = await startServer(kind, `${stand.serverFolder}/${mainConfigOf(kind)}`, stand.port);
  cleanups.push(() => server.stop());
  console.log(`  the real server listens on 127.0.0.1:${stand.port}; ${CONNECTIONS} keep-alive connections send requests`);
  const load = startLoad({
    port: stand.port,
    hostHeader: "localhost",
    connections: CONNECTIONS,
    pauseMs: PAUSE_MS,
    accepts: modeOf,
  });
  let account: Account;
  try {
    account = await toggle(stand, load, toggles);
  } finally {
    await cleanUp();
  }
  return print(account);
}

/** The mode that an answer shows; null: no mode may answer so. */
function modeOf(status: number, headers: ReadonlyMap<string, string>): string | null {
  const marked = headers.get("x-maintenance-mode") === "1";
  if (status === 200 && !marked) return "up";
  return status === 503 && marked && headers.has("retry-after") ? "down" : null;
}

async function toggle(stand: Stand, load: Load, toggles: number): Promise<Account> {
  const account = { downMs: [] as number[], upMs: [] as number[] };
  load.mark("up");
  await breathe();
  for (let round = 1; round <= toggles && !stopping; round += 1) {
    load.mark(null);
    const downMs = await timed(() => fence(stand, "down", "main", "--json", "--reason", `demo ${round}`));
    load.mark("down");
    await breathe();
    load.mark(null);
    const upMs = await timed(() => fence(stand, "up", "main"));
    load.mark("up");
    await breathe();
    account.downMs.push(downMs);
    account.upMs.push(upMs);
    console.log(`  $ fence down main   proven after ${seconds(downMs)}    $ fence up main   proven after ${seconds(upMs)}`);
  }
  return { ...account, report: await load.stop() };
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

/** Lets the load run for a while in the mode that is in force. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 400));
}

/** Prints the account; the number of requests lost. */
function print({ report, downMs, upMs }: Account): number {
  const bad = report.wrong + report.connectionErrors + report.badFraming;
  const total = report.responses + report.connectionErrors + report.badFraming;
  const all = [...downMs, ...upMs];
  console.log("");
  console.log(`  requests sent                           ${count(total)}`);
  console.log(`  answered by the site (200)              ${count(report.byMode["up"] ?? 0)}`);
  console.log(`  answered with the maintenance page      ${count(report.byMode["down"] ?? 0)}   (503, marked, with Retry-After)`);
  console.log(`  answered otherwise                      ${count(report.wrong)}`);
  console.log(`  cut or refused connections              ${count(report.connectionErrors)}`);
  console.log(`  broken answers                          ${count(report.badFraming)}`);
  console.log(`  old answers after fence had returned    ${count(report.stale)}   (of ${report.afterMark} requests sent then)`);
  console.log(`  LOST                                    ${count(bad + report.stale)}`);
  if (all.length > 0) {
    const { median, max } = spreadOf(all);
    console.log(`  a switch took                           median ${seconds(median)}, longest ${seconds(max)}, start of Node included`);
    console.log(`  the classic "cp; sleep 8"               ${seconds(CLASSIC_SLEEP_MS)} each time, and proves nothing`);
  }
  for (const fault of report.faults) console.log(`  ! ${fault}`);
  return bad + report.stale;
}

const count = (value: number): string => String(value).padStart(7);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

async function cleanUp(): Promise<void> {
  for (const action of cleanups.splice(0).reverse()) await action();
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    console.log("\nstopping");
    void cleanUp().finally(() => process.exit(signal === "SIGINT" ? 130 : 143));
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!stopping) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
  await cleanUp();
}
