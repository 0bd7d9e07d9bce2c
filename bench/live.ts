/**
 * What fence costs a site that is up: CPU time of the server's workers per request, the rendered config against the
 * same config without fence's lines, side by side in one run.
 *
 *   npm run bench:live -- [--server KIND] [--rounds N] [--seconds S]
 *
 * Rounds interleave the variants and turn their order, each ratio is of one round, and the row "without against
 * itself" is the noise floor: two servers with the very same config. Ratios only; the machine decides the rest.
 */
import { cpSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import path from "node:path";
import { parseArgs } from "node:util";
import { PROBE_PATH } from "../src/servers/probe-path.js";
import type { ServerKind } from "../src/spec/types.js";
import { has, needs } from "../test/support/needs.js";
import { freePort } from "../test/support/world.js";
import { drive } from "./drive.js";
import { createStand, fence, KINDS, mainConfigOf, startServer, type Stand } from "./stand.js";
import type { RunningServer } from "./running.js";
import { rotated, spreadOf } from "./statistics.js";
import { withoutFence } from "./without-fence.js";
import { servingCpuNs } from "./worker-cpu.js";

const TARGETS = [
  { name: "static 1 KB", path: "/static/1k.txt" },
  { name: "proxied 1 KB", path: "/" },
] as const;

/** "without again" is the same config as "without", in a server of its own. */
const VARIANTS = ["with", "without", "without again"] as const;
type Variant = (typeof VARIANTS)[number];

interface Contestant {
  variant: Variant;
  port: number;
  server: RunningServer;
}

interface Row {
  kind: ServerKind;
  target: string;
  comparison: string;
  ratios: number[];
}

const cleanups: (() => Promise<void>)[] = [];

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      server: { type: "string" },
      rounds: { type: "string", default: "12" },
      seconds: { type: "string", default: "2" },
    },
  });
  const rounds = Number(values.rounds);
  const seconds = Number(values.seconds);
  if (!Number.isInteger(rounds) || rounds < 1 || !(seconds > 0))
    throw new Error("--rounds and --seconds take numbers above 0");
  // The proxy has no config without fence to be compared with.
  const known = KINDS.filter(({ kind }) => kind !== "proxy");
  const wanted = known.filter(({ kind }) => values.server === undefined || kind === values.server);
  if (wanted.length === 0)
    throw new Error(`--server takes one of ${known.map(({ kind }) => kind).join(", ")}`);
  const rows: Row[] = [];
  for (const { kind, need } of wanted) {
    if (has(need)) rows.push(...(await measure(kind, rounds, seconds)));
    else console.log(`${kind}: not measured, ${String(needs(need).skip)}`);
  }
  if (rows.length === 0) return 1;
  printTable(rows, rounds, seconds);
  return 0;
}

async function measure(kind: ServerKind, rounds: number, seconds: number): Promise<Row[]> {
  const stand = await createStand({ kind, workers: kind === "lighttpd" ? 0 : 2 });
  cleanups.push(() => stand.close());
  try {
    await fence(stand, "apply");
    const contestants: Contestant[] = [];
    for (const variant of VARIANTS) contestants.push(await enter(stand, variant));
    const rows: Row[] = [];
    for (const target of TARGETS) rows.push(...(await compare(kind, contestants, target, rounds, seconds)));
    return rows;
  } finally {
    await cleanUp();
  }
}

/** Starts one server: the rendered tree as it is, or a copy on a port of its own without fence's lines. */
async function enter(stand: Stand, variant: Variant): Promise<Contestant> {
  let config = mainConfigOf(stand);
  let port = stand.port;
  if (variant !== "with") {
    const folder = path.join(stand.folder, variant.replaceAll(" ", "-"));
    cpSync(stand.serverFolder, folder, { recursive: true, dereference: true });
    port = await freePort();
    config = path.join(folder, path.basename(config));
    writeFileSync(config, withoutFence(stand, folder, port));
  }
  const server = await startServer(stand.kind, config, port);
  cleanups.push(() => server.stop());
  await requireGate(port, variant === "with");
  return { variant, port, server };
}

async function compare(
  kind: ServerKind,
  contestants: readonly Contestant[],
  target: (typeof TARGETS)[number],
  rounds: number,
  seconds: number,
): Promise<Row[]> {
  for (const { port } of contestants) await drive(port, target.path, 0.3);
  const withFence: number[] = [];
  const floor: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const cost = new Map<Variant, number>();
    for (const { variant, port, server } of rotated(contestants, round)) {
      const before = servingCpuNs(server.pid);
      const requests = await drive(port, target.path, seconds);
      cost.set(variant, Number(servingCpuNs(server.pid) - before) / requests);
    }
    const [a, b, c] = VARIANTS.map((variant) => cost.get(variant) ?? NaN) as [number, number, number];
    // the two plain servers are one config: their mean is the steadier base
    withFence.push(a / ((b + c) / 2));
    floor.push(c / b);
    progress(`${kind}, ${target.name}: round ${round + 1} of ${rounds}`);
  }
  progress("");
  return [
    { kind, target: target.name, comparison: "with fence, up", ratios: withFence },
    { kind, target: target.name, comparison: "without against itself", ratios: floor },
  ];
}

/** One line that is written over, on a terminal alone. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

/** A comparison of two equal servers would look very good. */
async function requireGate(port: number, isThere: boolean): Promise<void> {
  const { status, body } = await ask(port, PROBE_PATH);
  const answers = status === 200 && body.includes('"fence":"up"');
  if (answers !== isThere) {
    throw new Error(
      `port ${port} answers the probe with ${status}, which says that the gate is ${answers ? "" : "not "}there`,
    );
  }
}

function ask(port: number, target: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path: target, agent: false, headers: { Host: "localhost" } };
    const request = get(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body })).on("error", reject);
    });
    request.on("error", reject);
  });
}

function printTable(rows: readonly Row[], rounds: number, seconds: number): void {
  console.log(`CPU time of the workers per request against the same config without fence`);
  console.log(`${rounds} rounds of ${seconds} s each, paired by round\n`);
  const cells = [["server", "target", "", "median", "min", "25 %", "75 %", "max"]];
  for (const { kind, target, comparison, ratios } of rows) {
    const { median, min, lowerQuartile, upperQuartile, max } = spreadOf(ratios);
    cells.push([
      kind,
      target,
      comparison,
      ...[median, min, lowerQuartile, upperQuartile, max].map((n) => n.toFixed(3)),
    ]);
  }
  const widths =
    cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of cells)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
}

async function cleanUp(): Promise<void> {
  for (const action of cleanups.splice(0).reverse()) await action();
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(signal === "SIGINT" ? 130 : 143)));
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
  await cleanUp();
}
