import http from "node:http";

const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/**
 * One question to the control socket of a running proxy.
 * @throws Error what the socket, or its answer, is like; the problem that the proxy tells
 */
export function askControl<T>(
  socketPath: string,
  method: "GET" | "POST",
  path: string,
  timeoutMs: number,
): Promise<T> {
  const options = {
    socketPath,
    path,
    method,
    agent: false,
    headers: { Host: "fence", "Content-Length": "0" },
  };
  return new Promise((resolve, reject) => {
    const request = http.request(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
        if (body.length > ANSWER_BYTES_MAX) response.destroy(new Error("the answer is too large"));
      });
      response.on("error", reject);
      response.on("end", () => {
        try {
          const value = JSON.parse(body) as { error?: string };
          if (response.statusCode !== 200) throw new Error(value.error ?? `status ${response.statusCode}`);
          resolve(value as T);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
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
