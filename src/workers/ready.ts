import http from "node:http";
import { connect, type Socket } from "node:net";
import { askCgiStatus } from "../proxy/cgi/ask-status.js";
import { CgiUpstream } from "../proxy/cgi/cgi-upstream.js";
import { whereOf } from "../proxy/backend/where.js";
import type { Address } from "../spec/types.js";
import type { Worker } from "./types.js";
import { askValues } from "./fastcgi-values.js";

/** Asks a worker what it must answer. @throws Error with a sentence: what came instead */
export type AskReady = (place: Address, timeoutMs: number) => Promise<void>;

/** The question of a worker, by its protocol. */
export function readyQuestion(worker: Worker): AskReady {
  const { question } = worker.ready;
  if (question === null) return (place, timeoutMs) => askValues(whereOf(place), timeoutMs).catch(withHint);
  const host = question.host ?? "localhost";
  const ask =
    worker.protocol === "http" || worker.cgi === null
      ? (place: Address, timeoutMs: number) => askHttp(place, question.path, host, timeoutMs)
      : cgiQuestion(new CgiUpstream(worker.protocol, worker.cgi), question.path, host);
  const { first, last } = question.status;
  return async (place, timeoutMs) => {
    const status = await ask(place, timeoutMs);
    if (status < first || status > last) throw new Error(`${question.path} was answered ${status}`);
  };
}

/** Measured of libfcgi: it reads on for another record before it answers, and so never does. */
function withHint(error: Error): never {
  const advice = "libfcgi, which Perl and C programs use, does not answer FCGI_GET_VALUES: set ready.path";
  throw new Error(`${error.message}; ${advice}`, { cause: error });
}

function cgiQuestion(upstream: CgiUpstream, path: string, host: string) {
  return (place: Address, timeoutMs: number): Promise<number> =>
    askCgiStatus(whereOf(place), upstream, { path, host, timeoutMs, tick: Math.floor(performance.now()) });
}

function askHttp(place: Address, path: string, host: string, timeoutMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const to = place.kind === "unix" ? { socketPath: place.path } : { host: place.host, port: place.port };
    const headers = { Host: host, "User-Agent": "fence-health", Connection: "close" };
    const request = http.get({ ...to, path, headers, agent: false }, (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    const timer = setTimeout(() => request.destroy(new Error("no answer in time")), timeoutMs);
    request.on("close", () => clearTimeout(timer));
    request.on("error", reject);
  });
}

/** A connection on which nothing is asked: whoever accepts it can be seen to hold it. null: there is none to be had. */
export function holdOpen(place: Address): Promise<Socket | null> {
  const socket = connect(whereOf(place));
  return new Promise((resolve) => {
    socket.on("connect", () => resolve(socket));
    socket.on("error", () => {
      socket.destroy();
      resolve(null);
    });
  });
}
