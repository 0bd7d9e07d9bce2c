import { connect, type Socket } from "node:net";
import { ResponseReader, type RawResponse } from "./response-reader.js";

export interface LoadOptions {
  /** Address to connect to; default 127.0.0.1. */
  host?: string;
  port: number;
  /** Value of the Host header. */
  hostHeader: string;
  connections: number;
  /** Default `/`. */
  path?: string;
  /** Sent with each request, as a POST; default: none, a GET. */
  body?: string;
  /** A new connection for each request; default false. */
  closes?: boolean;
  /** Pause of a connection between a response and its next request; default 0. */
  pauseMs?: number;
  /** The mode that a response shows, e.g. "up"; null for a response that no mode may give. */
  accepts(status: number, headers: ReadonlyMap<string, string>): string | null;
}

export interface LoadReport {
  /** Complete, well-framed responses. */
  responses: number;
  /** How many of them showed each mode. */
  byMode: Readonly<Record<string, number>>;
  /** Responses that `accepts` returned null for. */
  wrong: number;
  /** Responses of another mode than the marked one, to requests sent after the mark. */
  stale: number;
  /** Requests sent after some mark whose response came before the mark was lifted: what `stale` was checked on. */
  afterMark: number;
  /** Connections refused or reset, or closed with a request not (wholly) answered. */
  connectionErrors: number;
  /** Responses whose body was not exactly Content-Length bytes. */
  badFraming: number;
  /** The first few faults, for the assertion message. */
  faults: readonly string[];
}

export interface Load {
  /** From now on a new request must be answered in this mode; null: any mode is legal again. Call with null before a switch. */
  mark(mode: string | null): void;
  /** So far. */
  responses(): number;
  /** Ends after the responses under way, at most 5 s. */
  stop(): Promise<LoadReport>;
}

const FAULTS_MAX = 10;
const RECONNECT_MS = 20;

/** Keep-alive connections that each send one GET after the other and check every answer byte for byte. */
export function startLoad(options: LoadOptions): Load {
  const tally = createTally(options);
  let stopping = false;
  const connections = Array.from({ length: options.connections }, () =>
    runConnection(options, tally, () => stopping),
  );
  return {
    mark: (mode) => tally.mark(mode),
    responses: () => tally.report().responses,
    async stop() {
      stopping = true;
      const deadline = setTimeout(() => {
        for (const connection of connections) connection.destroy();
      }, 5000);
      await Promise.all(connections.map((connection) => connection.ended));
      clearTimeout(deadline);
      return tally.report();
    },
  };
}

/** What was required when a request was sent. A new object for each mark: identity tells whether the mark still holds. */
interface Mark {
  mode: string | null;
}

type Tally = ReturnType<typeof createTally>;

function createTally(options: LoadOptions) {
  const faults: string[] = [];
  const byMode: Record<string, number> = {};
  const count = { responses: 0, wrong: 0, stale: 0, afterMark: 0, connectionErrors: 0, badFraming: 0 };
  let current: Mark = { mode: null };
  const fault = (kind: "wrong" | "stale" | "connectionErrors" | "badFraming", text: string) => {
    count[kind] += 1;
    if (faults.length < FAULTS_MAX) faults.push(`${kind}: ${text}`);
  };
  return {
    fault,
    current: () => current,
    mark(mode: string | null) {
      current = { mode };
    },
    response(response: RawResponse, sent: { at: number; mark: Mark }) {
      count.responses += 1;
      const mode = options.accepts(response.status, response.headers);
      if (mode === null) return fault("wrong", `status ${response.status}`);
      byMode[mode] = (byMode[mode] ?? 0) + 1;
      if (sent.mark !== current || current.mode === null) return;
      count.afterMark += 1;
      if (mode !== current.mode) {
        fault(
          "stale",
          `${mode} instead of ${current.mode}, ${(performance.now() - sent.at).toFixed(1)} ms after sending`,
        );
      }
    },
    report: (): LoadReport => ({ ...count, byMode: { ...byMode }, faults: [...faults] }),
  };
}

function runConnection(options: LoadOptions, tally: Tally, isStopping: () => boolean) {
  const request = requestOf(options);
  const { promise: ended, resolve: end } = promiseWithResolvers();
  let socket: Socket | null = null;

  const open = () => {
    if (isStopping()) return end();
    const reader = new ResponseReader();
    const own = connect({ host: options.host ?? "127.0.0.1", port: options.port });
    socket = own;
    let sent: { at: number; mark: Mark } | null = null;
    let connected = false;
    let done = false;
    const send = () => {
      if (done) return;
      if (isStopping()) return finish(null);
      sent = { at: performance.now(), mark: tally.current() };
      own.write(request);
    };
    const finish = (fault: (() => void) | null) => {
      if (done) return;
      done = true;
      fault?.();
      own.destroy();
      if (isStopping()) end();
      else setTimeout(open, fault ? RECONNECT_MS : 0);
    };
    const lost = (what: string) => finish(sent ? () => tally.fault("connectionErrors", what) : null);
    own.setNoDelay(true);
    own.on("connect", () => {
      connected = true;
      send();
    });
    own.on("data", (chunk) => {
      const response = reader.push(chunk);
      if (response === "bad") return finish(() => tally.fault("badFraming", reader.problem));
      if (response === null) return;
      if (!sent) return finish(() => tally.fault("badFraming", "bytes without a request"));
      tally.response(response, sent);
      sent = null;
      if (response.close) return finish(null);
      if (options.pauseMs) setTimeout(send, options.pauseMs);
      else send();
    });
    own.on("error", (error) => {
      // A reset of an idle connection loses nothing; a refused one loses the request that would have come.
      if (!connected) finish(() => tally.fault("connectionErrors", error.message));
      else lost(error.message);
    });
    own.on("close", () => lost(reader.isMidway ? "closed within a response" : "closed without a response"));
  };

  open();
  return { ended, destroy: () => socket?.destroy() };
}

function requestOf({ path = "/", hostHeader, body, closes }: LoadOptions): string {
  const fields = `Host: ${hostHeader}\r\n${closes === true ? "Connection: close\r\n" : ""}`;
  if (body === undefined) return `GET ${path} HTTP/1.1\r\n${fields}\r\n`;
  return `POST ${path} HTTP/1.1\r\n${fields}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function promiseWithResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
