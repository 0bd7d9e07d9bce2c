import { linkSync, lstatSync, renameSync, unlinkSync } from "node:fs";
import http from "node:http";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { listenClosed } from "../base/unix-socket.js";
import { METRICS_TYPE } from "./metrics/exposition.js";

/** What the control socket answers with; by what it is asked. */
export interface ControlAnswers {
  /** null: there is no such site. */
  sync(site: string): object | null | Promise<object | null>;
  status(): object | Promise<object>;
  /** Prometheus' text format; absent: there is none. */
  metrics?(): Promise<string>;
  /** Hands over to a new process. @throws Error why it did not; then nothing has changed */
  upgrade?(): Promise<object>;
  /** A gate that was to end is needed again. @throws Error when it takes no more */
  stay?(): object;
  /** The predecessor is to be replaced now; its own control socket is this one from here on. */
  takeOver?(predecessor: number): object;
}

const CONNECTIONS_MAX = 16;
const TIMEOUT_MS = 5000;
const ROUTES = "POST /sync?site=, POST /upgrade, GET /status or GET /metrics";

/** Where a process is asked that has not taken over yet, or has been taken over from. */
export function sideSocket(path: string, pid: number): string {
  return join(dirname(path), `c.${pid}`);
}

/**
 * fence's own questions, on a unix socket in a folder that is closed to others. Never reachable through a listener.
 * It is bound beside its place and renamed there: at no moment is there a place without a socket that answers, and
 * closing it, which removes the name that it was bound to, never removes that of the process that took over.
 */
export class Control {
  private readonly server: http.Server;
  private readonly side: string;
  private inode: bigint | null = null;

  constructor(
    private readonly path: string,
    answers: ControlAnswers,
  ) {
    this.side = sideSocket(path, process.pid);
    const limits = { maxHeaderSize: 8192, headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS };
    this.server = http.createServer(limits, (request, response) => {
      request.resume();
      if (!isFromFence(request)) {
        response.writeHead(403, { Connection: "close" }).end("for fence alone\n");
        return;
      }
      if (request.url === "/metrics" && request.method === "GET" && answers.metrics)
        return void sendMetrics(response, answers.metrics());
      answerTo(request, answers)
        .catch((error: unknown): Answer => [500, { error: (error as Error).message }])
        .then(([status, body]) => {
          response.writeHead(status, { "Content-Type": "application/json", Connection: "close" });
          response.end(`${JSON.stringify(body)}\n`);
        })
        .catch(() => response.destroy());
    });
    this.server.maxConnections = CONNECTIONS_MAX;
  }

  /** Answers in its place. @throws Error when another process answers there, or the socket cannot be made */
  async open(): Promise<void> {
    if (await isAnswered(this.path)) throw new Error(`another proxy answers on ${this.path}`);
    await this.openAside();
    this.show();
  }

  /** Answers, as yet only for who knows this process. @throws Error when the socket cannot be made */
  async openAside(): Promise<void> {
    removeQuietly(this.side);
    await listenClosed(this.server, this.side);
  }

  /** Takes the place. @throws Error of rename(2) */
  show(): void {
    this.inode = inodeOf(this.side);
    renameSync(this.side, this.path);
  }

  /** Another process is about to take the place: this one can be asked beside it. @throws Error of link(2) */
  stepAside(): void {
    removeQuietly(this.side);
    linkSync(this.path, this.side);
  }

  /** It did not take the place, or has left it. @throws Error of rename(2) */
  stepBack(): void {
    if (inodeOf(this.path) === this.inode) removeQuietly(this.side);
    else renameSync(this.side, this.path);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
    removeQuietly(this.side);
    if (inodeOf(this.path) === this.inode) removeQuietly(this.path);
  }
}

/**
 * A web server that somebody has pointed at the socket passes on its own name for it, or the name that a client used, and
 * a browser tells where it comes from; fence names itself.
 */
function isFromFence({ headers }: http.IncomingMessage): boolean {
  const isPassedOn = ["origin", "sec-fetch-site", "via", "forwarded", "x-forwarded-for"].some(
    (name) => name in headers,
  );
  return headers.host === "fence" && !isPassedOn;
}

type Answer = [status: number, body: object];

async function sendMetrics(response: http.ServerResponse, text: Promise<string>): Promise<void> {
  try {
    const whole = await text;
    response.writeHead(200, { "Content-Type": METRICS_TYPE, Connection: "close" }).end(whole);
  } catch (error) {
    response.writeHead(500, { Connection: "close" }).end(`${(error as Error).message}\n`);
  }
}

async function answerTo(request: http.IncomingMessage, answers: ControlAnswers): Promise<Answer> {
  const target = `http://fence${request.url ?? "/"}`;
  if (!URL.canParse(target)) return [400, { error: "which path" }];
  const { pathname, searchParams } = new URL(target);
  if (pathname === "/status" && request.method === "GET") return [200, await answers.status()];
  if (!["/sync", "/upgrade", "/take-over", "/stay"].includes(pathname)) return [404, { error: ROUTES }];
  if (request.method !== "POST") return [405, { error: "POST only" }];
  if (pathname === "/upgrade" && answers.upgrade) return [200, await answers.upgrade()];
  if (pathname === "/stay" && answers.stay) return [200, answers.stay()];
  if (pathname === "/take-over" && answers.takeOver)
    return [200, answers.takeOver(Number(searchParams.get("from")))];
  if (pathname !== "/sync") return [404, { error: ROUTES }];
  const site = await answers.sync(searchParams.get("site") ?? "");
  return site === null ? [400, { error: "which site" }] : [200, site];
}

/** Whether a process answers on a unix socket. */
export function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function inodeOf(path: string): bigint | null {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? null;
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is not there, or listening will say why it cannot be.
  }
}
