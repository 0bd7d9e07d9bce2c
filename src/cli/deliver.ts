import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { run } from "../base/run.js";
import type { Notify } from "../spec/notify-types.js";

/** HMAC-SHA256 of the body, in hexadecimal, after `sha256=`. */
const SIGNATURE_HEADER = "X-Fence-Signature";

/** Tells one receiver, within its timeout. Never rejects. @returns what went wrong, as a sentence; null: it has taken it */
export async function deliver({ to, timeoutMs }: Notify, body: string): Promise<string | null> {
  if (to.kind === "webhook") {
    try {
      return await post(to.url, { ...signature(to.secretFile, body) }, body, timeoutMs);
    } catch (error) {
      return (error as Error).message;
    }
  }
  const [program = "", ...args] = to.command;
  const ended = await run(program, args, { timeoutMs, env: { FENCE_NOTIFICATION: body } });
  if (ended.startError !== null) return `${program} could not be started (${ended.startError})`;
  if (ended.timedOut) return `${program} has not ended within ${timeoutMs} ms, and was killed`;
  if (ended.exitCode === 0) return null;
  const said = ended.stderr.trim().split("\n").at(-1) ?? "";
  const how = ended.exitCode === null ? `by ${ended.signal}` : `with ${ended.exitCode}`;
  return `${program} ended ${how}${said === "" ? "" : `: ${said}`}`;
}

function signature(secretFile: string | null, body: string): Record<string, string> {
  if (secretFile === null) return {};
  const secret = readFileSync(secretFile, "utf8").trim();
  if (secret === "") throw new Error(`${secretFile} is empty`);
  return { [SIGNATURE_HEADER]: `sha256=${createHmac("sha256", secret).update(body).digest("hex")}` };
}

/** No redirect is followed, and nothing of the answer matters but its status. */
function post(
  url: string,
  headers: Record<string, string>,
  body: string,
  timeoutMs: number,
): Promise<string | null> {
  return new Promise((resolve) => {
    const { request } = url.startsWith("https:") ? https : http;
    const length = Buffer.byteLength(body);
    const asked = request(
      url,
      {
        method: "POST",
        agent: false,
        headers: {
          ...headers,
          "Content-Type": "application/json",
          "Content-Length": length,
          "User-Agent": "fence",
        },
      },
      (response) => {
        const status = response.statusCode ?? 0;
        end(status >= 200 && status < 300 ? null : `it answered ${status}`);
      },
    );
    const timer = setTimeout(() => end(`no answer within ${timeoutMs} ms`), timeoutMs);
    function end(problem: string | null): void {
      clearTimeout(timer);
      resolve(problem);
      asked.destroy();
    }
    asked.on("error", (error) => end(error.message));
    asked.end(body);
  });
}
