import { spawn } from "node:child_process";
import { once } from "node:events";
import { startLoad } from "../test/support/load.js";
import { findProgram } from "../test/support/needs.js";

const CONNECTIONS = 16;

/** Full load on one path of a local server for a while; the number of requests that were answered 200. */
export async function drive(port: number, path: string, seconds: number): Promise<number> {
  const wrk = findProgram("wrk");
  return wrk === null ? driveWithNode(port, path, seconds) : driveWithWrk(wrk, port, path, seconds);
}

async function driveWithWrk(wrk: string, port: number, path: string, seconds: number): Promise<number> {
  // wrk takes whole seconds only
  const duration = `${Math.max(1, Math.round(seconds))}s`;
  const args = [
    "-t1",
    `-c${CONNECTIONS}`,
    `-d${duration}`,
    "-H",
    "Host: localhost",
    `http://127.0.0.1:${port}${path}`,
  ];
  const child = spawn(wrk, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  await once(child, "close");
  const requests = Number(/(\d+) requests in/.exec(output)?.[1] ?? 0);
  if (requests === 0 || output.includes("Non-2xx")) throw new Error(`the load failed\n${output}`);
  return requests;
}

async function driveWithNode(port: number, path: string, seconds: number): Promise<number> {
  const load = startLoad({
    port,
    path,
    hostHeader: "localhost",
    connections: CONNECTIONS,
    accepts: (status) => (status === 200 ? "up" : null),
  });
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const report = await load.stop();
  if (report.wrong > 0 || report.responses === 0)
    throw new Error(`the load failed\n${report.faults.join("\n")}`);
  return report.responses;
}
