import http from "node:http";
import https from "node:https";

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

export interface AskLimits {
  /** For the whole exchange: a trickle must not hold a look up. */
  timeoutMs: number;
  bodyBytesMax: number;
}

/**
 * One request without a body, on a connection of its own so that any worker may take it, and its whole answer.
 * @throws Error what stands in the way, a cut-off or too large answer included
 */
export function ask(options: https.RequestOptions, isTls: boolean, limits: AskLimits): Promise<Answer> {
  const { timeoutMs, bodyBytesMax } = limits;
  // An agent, even one of its own, makes the connection its way.
  const agent = options.createConnection === undefined ? { agent: false as const } : {};
  return new Promise((resolve, reject) => {
    const request = (isTls ? https : http).request({ ...options, ...agent }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > bodyBytesMax) response.destroy(new Error("the answer is too large"));
        else chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () => {
        if (!response.complete) return reject(new Error("the answer was cut off"));
        const body = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    const deadline = setTimeout(
      () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    request.on("close", () => clearTimeout(deadline));
    request.on("error", reject);
    request.end();
  });
}
