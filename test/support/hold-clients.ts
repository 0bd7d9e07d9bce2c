import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import http from "node:http";

/** What one client has seen of its request. */
export interface Outcome {
  id: string;
  kind: "get" | "post" | "chunked";
  /** null: no answer. */
  status: number | null;
  headers: http.IncomingHttpHeaders;
  /** The answer is of this request, whole, and has the digest of what was sent. */
  isRight: boolean;
  /** Why there was no answer; "" when there was. */
  error: string;
}

/** The error of a request on a kept connection that the server was just ending: nobody has read it (RFC 9112, 9.3.1). */
export const MISSED = "its connection had ended";

/** The error of a request whose client did not wait for the answer. */
export const LEFT = "left by its client";

const KINDS = ["get", "post", "chunked"] as const;
const SIZES = [300, 20_000, 200_000, 1_500_000];

/** Requests with ids of their own, of all kinds and sizes in turn. */
export function sendMany(
  port: number,
  name: string,
  count: number,
  agent: http.Agent | false = false,
): Promise<Outcome>[] {
  return Array.from({ length: count }, (_unused, index) => {
    const kind = KINDS[index % KINDS.length] ?? "get";
    // Nearly all are small: it is the waiting that is tested.
    const size = index % 12 < 9 ? 300 : (SIZES[index % SIZES.length] ?? 300);
    return sendOne(port, `${name}-${index}`, kind, size, agent);
  });
}

/** @param leaveAfterMs when the client goes away; null: it waits for its answer */
export function sendOne(
  port: number,
  id: string,
  kind: Outcome["kind"],
  size = 300,
  agent: http.Agent | false = false,
  leaveAfterMs: number | null = null,
): Promise<Outcome> {
  const body = kind === "get" ? Buffer.alloc(0) : randomBytes(size);
  const sha256 = createHash("sha256").update(body).digest("hex");
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (rest: Partial<Outcome>): void => {
      clearTimeout(timer);
      resolve({ id, kind, status: null, headers: {}, isRight: false, error: "", ...rest });
    };
    const request = http.request(
      {
        host: "127.0.0.1",
        port,
        path: `/?id=${id}`,
        method: kind === "get" ? "GET" : "POST",
        agent,
        headers: { Host: "main.test", ...(kind === "post" ? { "Content-Length": size } : {}) },
      },
      (response) => {
        let text = "";
        const { headers, statusCode: status = null } = response;
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("error", (error) => end({ status, headers, error: error.message }));
        response.on("end", () => end({ status, headers, isRight: text === `${id} ${sha256}\n` }));
      },
    );
    request.on("error", (error: NodeJS.ErrnoException) => {
      const isMissed = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
      end({ error: isMissed ? MISSED : error.message });
    });
    if (leaveAfterMs !== null) {
      timer = setTimeout(() => {
        end({ error: LEFT });
        request.destroy();
      }, leaveAfterMs);
    }
    if (kind === "chunked")
      for (let at = 0; at < size; at += 8192) request.write(body.subarray(at, at + 8192));
    else if (kind === "post") request.write(body);
    request.end();
  });
}

/** The answer of a site that is down. */
export function assertTold(one: Outcome): void {
  assert.equal(one.status, 503, `${one.id}: ${one.error}`);
  assert.equal(one.headers["x-maintenance-mode"], "1");
  assert.match(one.headers["retry-after"] ?? "", /^\d+$/);
  assert.equal(one.headers["cache-control"], "no-store");
}
