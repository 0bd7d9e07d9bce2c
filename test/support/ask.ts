import { execFile } from "node:child_process";
import http from "node:http";

export interface Asked {
  status: number;
  /** Names in lower case. */
  headers: http.IncomingHttpHeaders;
  body: string;
}

export interface Ask {
  /** Default 127.0.0.1. */
  host?: string;
  port: number;
  method?: string;
  path?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Buffer;
}

/** One request on a connection of its own. Rejects when the connection breaks before the answer is complete. */
export function ask({
  host = "127.0.0.1",
  port,
  method = "GET",
  path = "/",
  headers = {},
  body,
}: Ask): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host, port, method, path, headers, agent: false, timeout: 10_000 },
      (response) => {
        let text = "";
        response.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
        response.on("error", reject);
        response.on("end", () => {
          if (!response.complete) reject(new Error("the answer was cut off"));
          else resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
        });
      },
    );
    request.on("timeout", () => request.destroy(new Error("no answer within 10 s")));
    request.on("error", reject);
    request.end(body);
  });
}

export interface CurlResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs curl; its own time limit is 20 s. */
export function curl(...args: string[]): Promise<CurlResult> {
  return new Promise((resolve) => {
    execFile("curl", ["-sS", "-m", "20", ...args], { encoding: "utf8" }, (error, stdout, stderr) => {
      resolve({ exitCode: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}
