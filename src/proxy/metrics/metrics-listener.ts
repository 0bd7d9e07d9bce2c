import http from "node:http";
import type { Server } from "../../spec/types.js";
import { METRICS_TYPE } from "./exposition.js";

const CONNECTIONS_MAX = 16;
const TIMEOUT_MS = 5000;
const HEAD_BYTES_MAX = 8192;

type Place = NonNullable<Server["metrics"]>;

/** A change of the listener that is not in force yet. */
export interface PreparedListener {
  commit(): void;
  /** As if it had never been. */
  abandon(): void;
}

/** Metrics over plain HTTP, on an address of their own: nothing else is answered there, and nothing is read. */
export class MetricsListener {
  private open: { place: Place; server: http.Server } | null = null;

  /** @param text what to answer with */
  constructor(private readonly text: () => Promise<string>) {}

  /** Opens the listener of a new config, beside that of the old one. @throws Error when it cannot be opened */
  async prepare(place: Place | null): Promise<PreparedListener> {
    const before = this.open;
    const isSame = place?.address === before?.place.address && place?.port === before?.place.port;
    if (isSame) return { commit: () => {}, abandon: () => {} };
    const next = place === null ? null : { place, server: await this.listen(place) };
    return {
      commit: () => {
        this.open = next;
        if (before !== null) close(before.server);
      },
      abandon: () => void (next !== null && close(next.server)),
    };
  }

  close(): void {
    if (this.open !== null) close(this.open.server);
    this.open = null;
  }

  private listen({ address, port }: Place): Promise<http.Server> {
    const limits = {
      maxHeaderSize: HEAD_BYTES_MAX,
      headersTimeout: TIMEOUT_MS,
      requestTimeout: TIMEOUT_MS,
      keepAliveTimeout: TIMEOUT_MS,
    };
    const server = http.createServer(limits, (request, response) => void this.answer(request, response));
    server.maxConnections = CONNECTIONS_MAX;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: address, port, ipv6Only: address.includes(":") }, () => {
        server.off("error", reject);
        server.on("error", () => {});
        resolve(server);
      });
    });
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    request.resume();
    const refuse = (status: number, more: http.OutgoingHttpHeaders = {}): void => {
      response.writeHead(status, { "Content-Length": 0, Connection: "close", ...more }).end();
    };
    if (url.replace(/\?.*$/, "") !== "/metrics") return refuse(404);
    if (method !== "GET" && method !== "HEAD") return refuse(405, { Allow: "GET, HEAD" });
    try {
      const text = await this.text();
      const length = Buffer.byteLength(text);
      response.writeHead(200, { "Content-Type": METRICS_TYPE, "Content-Length": length });
      response.end(method === "HEAD" ? undefined : text);
    } catch {
      refuse(500);
    }
  }
}

function close(server: http.Server): void {
  server.close();
  server.closeAllConnections();
}
