import http from "node:http";
import type { AddressInfo } from "node:net";

/** What a backend is to answer; travels with the request. */
export interface Told {
  status?: number;
  fields?: Readonly<Record<string, string | readonly string[]>>;
  /** Several pieces are chunked. */
  body?: string | readonly string[];
  /** After this many pieces it says no more, and does not end either. */
  stallAfter?: number;
}

export interface ToldBackend {
  port: number;
  connections(): number;
  requests(): number;
  /** Heads that came, the newest last. */
  heads: http.IncomingHttpHeaders[];
  close(): void;
}

/** Fields of a request whose answer is told by the client. */
export function tell(told: Told): Record<string, string> {
  return { "X-Answer": Buffer.from(JSON.stringify(told)).toString("base64") };
}

/** An HTTP backend that answers as each request tells it to. */
export async function startToldBackend(): Promise<ToldBackend> {
  let connections = 0;
  const heads: http.IncomingHttpHeaders[] = [];
  const server = http.createServer((request, response) => {
    heads.push(request.headers);
    const answer = String(request.headers["x-answer"] ?? "");
    const told = (answer === "" ? {} : JSON.parse(Buffer.from(answer, "base64").toString())) as Told;
    const { status = 200, fields = {}, body = "", stallAfter } = told;
    for (const [name, value] of Object.entries(fields)) response.setHeader(name, value);
    response.statusCode = status;
    request.resume();
    request.on("end", () => {
      if (typeof body === "string") return response.end(body);
      for (const piece of body.slice(0, stallAfter)) response.write(piece);
      if (stallAfter === undefined) response.end();
    });
  });
  server.on("connection", () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    requests: () => heads.length,
    heads,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
