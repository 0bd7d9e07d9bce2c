import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { pinned } from "../running.js";
import { BROWSER_FIELDS } from "./browser.js";
import type { Case } from "./cases.js";

const SCRIPT = fileURLToPath(new URL("../../../bench/wrk.lua", import.meta.url));
const RATE_PER_SECOND = 2000;
const TIMEOUT_SEC = 10;
/** Beyond the load's own length. */
const GRACE_MS = 60_000;

/** What one run of the load generator saw. */
export interface LoadFigures {
  requests: number;
  perSecond: number;
  p99Ms: number;
  /** What was answered wrongly, in words; empty: nothing. */
  faults: string[];
}

interface WrkSummary {
  requests: number;
  micros: number;
  bytes: number;
  connect: number;
  read: number;
  write: number;
  status: number;
  timeout: number;
  p99Micros: number;
}

export interface Target {
  port: number;
  /** Host of the site that is asked. */
  host: string;
  /** Of one answer. */
  bodyBytes: number;
  cpus: string | null;
}

/** As many requests as the server takes, for whole seconds. */
export async function driveWrk(asked: Case, target: Target, seconds: number): Promise<LoadFigures> {
  const headers = [`Host: ${target.host}`, ...BROWSER_FIELDS, ...asked.headers].flatMap((line) => [
    "-H",
    line,
  ]);
  const args = [
    "-t1",
    `-c${asked.connections}`,
    `-d${seconds}s`,
    "--timeout",
    `${TIMEOUT_SEC}s`,
    ...headers,
    "-s",
    SCRIPT,
    `http://127.0.0.1:${target.port}${asked.path}`,
    "--",
    String(asked.postBytes),
  ];
  const output = await run("wrk", args, target.cpus, seconds);
  return figuresOf(asked, target.bodyBytes, JSON.parse(output.trim().split("\n").at(-1) ?? "") as WrkSummary);
}

/** What wrk counted against what was to be answered. */
export function figuresOf(asked: Case, bodyBytes: number, summary: WrkSummary): LoadFigures {
  const { requests, status, bytes } = summary;
  const faults = (["connect", "read", "write"] as const).flatMap((kind) =>
    summary[kind] === 0 ? [] : [`${summary[kind]} ${kind} errors`],
  );
  if (requests === 0) faults.push("no answer");
  const failed = asked.status >= 400 ? requests - status : status;
  if (failed !== 0) faults.push(`${failed} answers with another status`);
  // a head comes on top, and so does what had begun when the time was over
  const most = requests * (bodyBytes + 2048) + asked.connections * (bodyBytes + 2048);
  if (bytes < requests * bodyBytes || bytes > most)
    faults.push(`${bytes} bytes for ${requests} answers of ${bodyBytes}`);
  return {
    requests,
    perSecond: requests / (summary.micros / 1e6),
    p99Ms: summary.p99Micros / 1000,
    faults,
  };
}

/** A fixed rate, by h2load over HTTP/1.1; the p99 is of all answers. */
export async function driveAtRate(asked: Case, target: Target, seconds: number): Promise<LoadFigures> {
  const folder = mkdtempSync(path.join(tmpdir(), "fence-bench-rate-"));
  const log = path.join(folder, "log");
  try {
    const args = [
      "--h1",
      "-t1",
      `-c${asked.connections}`,
      `--rps=${RATE_PER_SECOND / asked.connections}`,
      // a count and not a time: h2load leaves HTTP/1.1 connections open when its time is over, and does not end
      `-n${RATE_PER_SECOND * seconds}`,
      `--log-file=${log}`,
      ...BROWSER_FIELDS.flatMap((line) => ["-H", line]),
      // it would send a Host of its own beside another one, which is no request that a server should take
      `--connect-to=127.0.0.1:${target.port}`,
      `http://${target.host}:${target.port}${asked.path}`,
    ];
    await run("h2load", args, target.cpus, seconds);
    const rows = readFileSync(log, "latin1").trim().split("\n");
    return rateFiguresOf(asked, rows, seconds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of the lines of h2load's log: start in microseconds, status, duration in microseconds. */
export function rateFiguresOf(asked: Case, rows: readonly string[], seconds: number): LoadFigures {
  const answers = rows.map((row) => row.split("\t").map(Number) as [number, number, number]);
  const wrong = answers.filter(([, status]) => status !== asked.status).length;
  const micros = answers.map(([, , duration]) => duration).sort((a, b) => a - b);
  return {
    requests: answers.length,
    perSecond: answers.length / seconds,
    p99Ms: (micros[Math.floor(micros.length * 0.99)] ?? Number.NaN) / 1000,
    faults: wrong === 0 ? [] : [`${wrong} answers with another status`],
  };
}

async function run(program: string, args: string[], cpus: string | null, seconds: number): Promise<string> {
  const command = pinned({ program, args }, cpus);
  const child = spawn(command.program, command.args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  const hard = setTimeout(() => child.kill("SIGKILL"), seconds * 1000 + GRACE_MS);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(hard);
  if (code !== 0) throw new Error(`${program} ended with ${code}\n${output}`);
  return output;
}
