import { request } from "node:http";
import { BROWSER_FIELDS } from "./browser.js";
import type { Case } from "./cases.js";
import { hostOf, type DownAnswer } from "./peer.js";

const TIMEOUT_MS = 10_000;
/** What every server makes by itself. */
const OWN_FIELDS = new Set([
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "server",
  "transfer-encoding",
]);

export interface Answer {
  status: number;
  /** Names and values in turn, as they came. */
  rawHeaders: readonly string[];
  body: Buffer;
}

/** One request of a case over a connection of its own, just as the load will send it. */
export function askOnce(asked: Case, port: number): Promise<Answer> {
  const headers: Record<string, string> = { Host: hostOf(asked) };
  for (const line of [...BROWSER_FIELDS, ...asked.headers]) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon)] = line.slice(colon + 1).trim();
  }
  if (asked.postBytes > 0) headers["Content-Length"] = String(asked.postBytes);
  const options = {
    host: "127.0.0.1",
    port,
    path: asked.path,
    method: asked.postBytes > 0 ? "POST" : "GET",
    headers,
    agent: false,
    timeout: TIMEOUT_MS,
  };
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part)).on("error", reject);
      response.on("end", () => {
        const { statusCode = 0, rawHeaders } = response;
        resolve({ status: statusCode, rawHeaders, body: Buffer.concat(parts) });
      });
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    sent.on("error", reject);
    sent.end(Buffer.alloc(asked.postBytes, "x"));
  });
}

/** What is wrong with an answer, in words; null: nothing. */
export function faultOf(asked: Case, bodyBytes: number | null, { status, body }: Answer): string | null {
  if (status !== asked.status) return `answered ${status} instead of ${asked.status}`;
  if (bodyBytes !== null && body.length !== bodyBytes)
    return `answered ${body.length} bytes instead of ${bodyBytes}`;
  return null;
}

export function downAnswerOf({ rawHeaders, body }: Answer): DownAnswer {
  const fields: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    if (!OWN_FIELDS.has(name.toLowerCase())) fields.push([name, value]);
  }
  return { fields, body: body.toString("utf8") };
}
