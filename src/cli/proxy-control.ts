import http from "node:http";

const TIMEOUT_MS = 2000;
const ANSWER_BYTES_MAX = 1024 * 1024;

/** One question to the control socket of a running proxy. @throws Error what the socket, or its answer, is like */
export function askControl<T>(socketPath: string, path: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path, agent: false, headers: { Host: "fence" } }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
        if (body.length > ANSWER_BYTES_MAX) response.destroy(new Error("the answer is too large"));
      });
      response.on("error", reject);
      response.on("end", () => {
        try {
          if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
          resolve(JSON.parse(body) as T);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
    const deadline = setTimeout(
      () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)),
      TIMEOUT_MS,
    );
    request.on("close", () => clearTimeout(deadline));
    request.on("error", reject);
  });
}
