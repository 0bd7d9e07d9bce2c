import { chmodSync, unlinkSync } from "node:fs";
import http from "node:http";
import { connect } from "node:net";
import { METRICS_TYPE } from "./metrics/exposition.js";

/** What the control socket answers with; by what it is asked. */
export interface ControlAnswers {
  /** null: there is no such site. */
  sync(site: string): object | null;
  status(): object;
  /** Prometheus' text format; absent: there is none. */
  metrics?(): Promise<string>;
}

const CONNECTIONS_MAX = 16;
const TIMEOUT_MS = 5000;

/** fence's own questions, on a unix socket in a folder that is closed to others. Never reachable through a listener. */
export class Control {
  private readonly server: http.Server;

  constructor(
    private readonly path: string,
    answers: ControlAnswers,
  ) {
    const limits = { maxHeaderSize: 8192, headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS };
    this.server = http.createServer(limits, (request, response) => {
      request.resume();
      if (request.url === "/metrics" && request.method === "GET" && answers.metrics)
        return void sendMetrics(response, answers.metrics());
      const [status, body] = answerTo(request, answers);
      response.writeHead(status, { "Content-Type": "application/json", Connection: "close" });
      response.end(`${JSON.stringify(body)}\n`);
    });
    this.server.maxConnections = CONNECTIONS_MAX;
  }

  /** @throws Error when another proxy answers there, or the socket cannot be made */
  async open(): Promise<void> {
    if (await isAnswered(this.path)) throw new Error(`another proxy answers on ${this.path}`);
    removeQuietly(this.path);
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(this.path, () => {
        this.server.off("error", reject);
        resolve();
      });
    });
    chmodSync(this.path, 0o600);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
    removeQuietly(this.path);
  }
}

async function sendMetrics(response: http.ServerResponse, text: Promise<string>): Promise<void> {
  try {
    const whole = await text;
    response.writeHead(200, { "Content-Type": METRICS_TYPE, Connection: "close" }).end(whole);
  } catch (error) {
    response.writeHead(500, { Connection: "close" }).end(`${(error as Error).message}\n`);
  }
}

function answerTo(request: http.IncomingMessage, answers: ControlAnswers): [status: number, body: object] {
  const target = `http://fence${request.url ?? "/"}`;
  if (!URL.canParse(target)) return [400, { error: "which path" }];
  const url = new URL(target);
  if (url.pathname === "/status" && request.method === "GET") return [200, answers.status()];
  if (url.pathname !== "/sync") return [404, { error: "POST /sync?site=, GET /status or GET /metrics" }];
  if (request.method !== "POST") return [405, { error: "POST only" }];
  const site = answers.sync(url.searchParams.get("site") ?? "");
  return site === null ? [400, { error: "which site" }] : [200, site];
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is not there, or listening will say why it cannot be.
  }
}
