/**
 * The demo: a real web server under a steady load, taken down and up again by the real program, then held while its
 * backend is killed and started again; and an account of every request. Ends with 1 when one was lost.
 *
 *   npm run demo -- [--server KIND] [--all] [--toggles N] [--hold]
 */
import { parseArgs } from "node:util";
import { SERVER_KINDS, type ServerKind } from "../src/spec/types.js";
import { startLoad, type Load, type LoadReport } from "../test/support/load.js";
import { has } from "../test/support/needs.js";
import { canHold, showHold } from "./demo-hold.js";
import { createStand, fence, KINDS, mainConfigOf, startServer, type Stand } from "./stand.js";
import { spreadOf } from "./statistics.js";

const CONNECTIONS = 24;
/** 24 connections with this pause are some 1,000 requests a second. */
const PAUSE_MS = 20;
/** What the recipe of 2008 waits after `cp`, in the hope that every worker has seen the new script. */
const CLASSIC_SLEEP_MS = 8000;
/** How often the backend is killed and started again. */
const RESTARTS = 2;
const FAULTS_MAX = 10;

interface Account {
  report: LoadReport;
  /** From commit to proof, as fence says. */
  provenMs: number[];
  /** From the start of the command to its end: what a person waits. */
  commandMs: number[];
}

const cleanups: (() => Promise<void>)[] = [];
let stopping = false;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      server: { type: "string" },
      all: { type: "boolean", default: false },
      toggles: { type: "string", default: "5" },
      hold: { type: "boolean", default: false },
    },
  });
  const toggles = Number(values.toggles);
  if (!Number.isInteger(toggles) || toggles < 1) throw new Error("--toggles takes a whole number, 1 or more");
  const kinds = chosenKinds(values.server ?? null, values.all);
  if (kinds.length === 0) return 1;
  let lost = 0;
  for (const kind of kinds) {
    if (!values.hold) lost += await show(kind, toggles);
    if (!stopping) lost += await holdAndPrint(canHold(kind) ? kind : "proxy");
  }
  return lost === 0 ? 0 : 1;
}

/** The kinds to show: all that are here, or the fittest. */
function chosenKinds(server: string | null, all: boolean): ServerKind[] {
  const known = SERVER_KINDS.find((kind) => kind === server);
  if (server !== null && known === undefined)
    throw new Error(`--server takes one of ${SERVER_KINDS.join(", ")}`);
  const wanted = KINDS.filter(({ kind }) => known === undefined || kind === known);
  const installed = wanted.filter(({ need }) => has(need));
  for (const { kind, install, need } of wanted) {
    if (known !== undefined && !has(need)) console.log(`${kind} is not installed; on Debian: ${install}`);
  }
  if (known === undefined && installed[0]?.kind === "proxy") {
    console.log("No lighttpd and no nginx here, so fence serves by itself. To see one of them, on Debian:");
    for (const { kind, install } of wanted) if (install !== "") console.log(`  ${install}   # ${kind}`);
  }
  return installed.map(({ kind }) => kind).slice(0, all ? undefined : 1);
}

async function show(kind: ServerKind, toggles: number): Promise<number> {
  const stand = await createStand({ kind, workers: 2 });
  cleanups.push(() => stand.close());
  const workers = kind === "proxy" ? "fence's own proxy" : "2 workers";
  console.log(`\n${kind}: a spec in ${stand.folder}, one site, ${workers}, a small backend`);
  console.log("  $ fence apply");
  await fence(stand, "apply");
  const server = await startServer(kind, mainConfigOf(stand), stand.port);
  cleanups.push(() => server.stop());
  console.log(
    `  the real server listens on 127.0.0.1:${stand.port}; ${CONNECTIONS} keep-alive connections send requests`,
  );
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
    await load.stop();
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
  const account: Omit<Account, "report"> = { provenMs: [], commandMs: [] };
  const run = async (mode: "down" | "up", reason: string): Promise<void> => {
    load.mark(null);
    const start = performance.now();
    const { stdout } = await fence(stand, mode, "main", "--json", "--reason", reason);
    const commandMs = performance.now() - start;
    load.mark(mode);
    const provenMs = provenAfter(stdout);
    account.provenMs.push(provenMs);
    account.commandMs.push(commandMs);
    console.log(
      `  $ fence ${mode.padEnd(4)} main   proven in ${seconds(provenMs)}, the whole command ${seconds(commandMs)}`,
    );
    await breathe();
  };
  load.mark("up");
  await breathe();
  for (let round = 1; round <= toggles && !stopping; round += 1) {
    await run("down", `demo, round ${round}`);
    await run("up", `demo, round ${round}`);
  }
  return { ...account, report: await load.stop() };
}

/** From commit to proof in milliseconds, out of the last line of `--json`. */
function provenAfter(stdout: string): number {
  const result = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as {
    sites: { servers: { proof: { tookMs: number } | null }[] }[];
  };
  return Math.max(
    ...result.sites.flatMap((site) => site.servers.map((server) => server.proof?.tookMs ?? NaN)),
  );
}

/** Lets the load run for a while in the mode that is in force. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 400));
}

/** Prints the account; the number of requests lost. */
function print({ report, provenMs, commandMs }: Account): number {
  const lost = report.wrong + report.connectionErrors + report.badFraming + report.stale;
  const sent = report.responses + report.connectionErrors + report.badFraming;
  console.log("");
  row("requests sent", sent);
  row("answered by the site", report.byMode["up"] ?? 0, "200");
  row("answered with the maintenance page", report.byMode["down"] ?? 0, "503, marked, with Retry-After");
  row("answered with anything else", report.wrong);
  row("cut or refused connections", report.connectionErrors);
  row("broken answers", report.badFraming);
  row("old answers after fence had returned", report.stale, `of ${report.afterMark} requests sent then`);
  row("LOST", lost);
  if (provenMs.length > 0) {
    const proven = spreadOf(provenMs);
    console.log(`  a switch is proven after ${seconds(proven.median)} (longest ${seconds(proven.max)})`);
    console.log(`  the whole command takes  ${seconds(spreadOf(commandMs).median)}`);
    console.log(`  the classic cp; sleep 8  ${seconds(CLASSIC_SLEEP_MS)}, and it proves nothing`);
  }
  for (const fault of report.faults) console.log(`  ! ${fault}`);
  return lost;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/** @returns the number of requests lost or executed twice */
async function holdAndPrint(kind: ServerKind): Promise<number> {
  console.log(`\n${kind}: the backend is replaced, and no client is to notice`);
  const isStopping = (): boolean => stopping;
  const account = await showHold(kind, RESTARTS, (line) => console.log(line), isStopping);
  const { sent, right, failed, twice, longestMs } = account;
  console.log("");
  row("requests sent, GET and POST", sent);
  row("answered right, body and all", right);
  row("errors", failed.length);
  row("executed twice", twice);
  console.log(`  the longest wait was ${seconds(longestMs)}`);
  for (const fault of failed.slice(0, FAULTS_MAX)) console.log(`  ! ${fault}`);
  return failed.length + twice;
}

function row(text: string, value: number, note = ""): void {
  console.log(`  ${text.padEnd(40)}${String(value).padStart(7)}${note === "" ? "" : `   ${note}`}`);
}

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
