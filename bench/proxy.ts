/**
 * What fence's own proxy costs beside nginx, HAProxy, Caddy, lighttpd and the proxies of npm: CPU time of the whole
 * process tree per request, each server on one processor, the load and a fast backend on another.
 *
 *   npm run bench:proxy -- --help
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findProgram } from "../test/support/needs.js";
import { askOnce, downAnswerOf } from "./proxy/ask.js";
import { startBackend } from "./proxy/backend.js";
import { CASES, FILES, type Case } from "./proxy/cases.js";
import { enter, type Contestant, type Ground } from "./proxy/contestant.js";
import { loadAverage, machineLine, placesFor } from "./proxy/machine.js";
import { measure, type Effort, type Result } from "./proxy/measure.js";
import { HELP, optionsOf, type Options } from "./proxy/options.js";
import type { Peer } from "./proxy/peer.js";
import { BASE } from "./proxy/peers.js";
import { panelsOf, pictureOf } from "./proxy/picture.js";
import { reportText, type Report } from "./proxy/report.js";

const WARM_UP_SECONDS = 3;

const cleanups: (() => Promise<void>)[] = [];

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === null) {
    console.log(HELP);
    return 0;
  }
  const drivers = [
    "taskset",
    "wrk",
    ...(options.cases.some(({ measure }) => measure === "p99") ? ["h2load"] : []),
  ];
  const lacking = drivers.filter((name) => findProgram(name) === null);
  if (lacking.length > 0)
    throw new Error(`not installed: ${lacking.join(", ")} (apt install util-linux wrk nghttp2-client)`);
  const report = await run(options);
  console.log(options.isJson ? JSON.stringify(report, null, 2) : reportText(report, CASES));
  if (options.picture !== null) writeFileSync(options.picture, pictureOf(panelsOf(report, CASES)));
  return report.results.some(({ faults }) => faults.length > 0) ? 1 : 0;
}

async function run({ cases, peers, rounds, seconds, minutes }: Options): Promise<Report> {
  const before = loadAverage();
  const versions = new Map(peers.map((peer) => [peer, peer.version()]));
  const here = peers.filter((peer) => versions.get(peer) !== null);
  if (!here.includes(BASE)) throw new Error(`${BASE.name} is not here: ${BASE.install}`);
  const ground = await layOut();
  const effort: Effort = {
    rounds,
    seconds,
    warmUpSeconds: WARM_UP_SECONDS,
    deadline: performance.now() + minutes * 60_000,
  };
  const notMeasured: string[] = [];
  const results: Result[] = [];
  for (const [index, asked] of cases.entries()) {
    progress(`${asked.title} (${index + 1} of ${cases.length})`);
    results.push(...(await measureCase(ground, asked, here, effort, notMeasured)));
  }
  progress("");
  return {
    machine: machineLine(),
    load: { before, after: loadAverage() },
    rounds,
    seconds,
    base: BASE.name,
    versions: Object.fromEntries(here.map((peer) => [peer.name, versions.get(peer) ?? ""])),
    missing: Object.fromEntries(
      peers.filter((peer) => !here.includes(peer)).map(({ name, install }) => [name, install]),
    ),
    notMeasured,
    results,
  };
}

/** Files, the backend, and what fence says when it is down, for those that are to say the same. */
async function layOut(): Promise<Ground> {
  const folder = mkdtempSync(path.join(tmpdir(), "fence-bench-"));
  cleanups.push(async () => rmSync(folder, { recursive: true, force: true }));
  // workers of another user read what lies below
  chmodSync(folder, 0o755);
  const files = path.join(folder, "files");
  mkdirSync(files);
  for (const [name, bytes] of FILES) writeFileSync(path.join(files, name), Buffer.alloc(bytes, "fence "));
  // the proxy asks no application for a script that is not there
  writeFileSync(path.join(files, "app.php"), "");
  const backend = await startBackend(folder, placesFor(1).load);
  cleanups.push(() => backend.stop());
  return { folder, files, backend, down: { fields: [], body: "" } };
}

async function measureCase(
  ground: Ground,
  asked: Case,
  peers: readonly Peer[],
  effort: Effort,
  notMeasured: string[],
): Promise<Result[]> {
  const fit = peers.filter(
    (peer) => peer.rooms.includes(asked.room) && (asked.workers === 1 || peer.hasWorkers),
  );
  const places = placesFor(asked.workers);
  const contestants: Contestant[] = [];
  let here = ground;
  try {
    // fence comes first: the others answer with its bytes when it is down
    for (const peer of fit) {
      try {
        const contestant = await enter(here, peer, asked, places.server);
        contestants.push(contestant);
        // an end by a signal leaves none behind; to stop twice does nothing
        cleanups.push(() => contestant.server.stop());
        if (asked.room === "down" && peer.name === "fence")
          here = { ...ground, down: downAnswerOf(await askOnce(asked, contestant.port)) };
      } catch (error) {
        notMeasured.push(`${asked.name}, ${peer.name}: ${firstLines(error)}`);
      }
    }
    if (!contestants.some(({ peer }) => peer === BASE)) return [];
    return await measure(asked, contestants, BASE.name, effort, places.load);
  } finally {
    for (const { server } of contestants) await server.stop();
  }
}

function firstLines(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n").slice(0, 4).join(" ");
}

/** One line that is written over, on a terminal alone. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

async function cleanUp(): Promise<void> {
  for (const action of cleanups.splice(0).reverse()) await action();
}

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void cleanUp().finally(() => process.exit(signal === "SIGINT" ? 130 : 143)));

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
