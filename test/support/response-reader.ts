export interface RawResponse {
  status: number;
  /** Names in lower case; of a repeated header the last value. */
  headers: ReadonlyMap<string, string>;
  body: Buffer;
  /** The server will close the connection. */
  close: boolean;
}

const EMPTY = Buffer.alloc(0);
const HEAD_BYTES_MAX = 65_536;

/**
 * Reads HTTP/1.1 responses to GET off one connection, one request at a time. Only Content-Length framing: a response
 * without it, or bytes after its end (nothing is pipelined), is bad, because that is how a desynchronised stream shows.
 */
export class ResponseReader {
  /** Why the last push was bad. */
  problem = "";
  private buffer: Buffer = EMPTY;

  get isMidway(): boolean {
    return this.buffer.length > 0;
  }

  /** The response when `chunk` completes one; null while it is incomplete. */
  push(chunk: Buffer): RawResponse | "bad" | null {
    this.buffer = this.buffer.length === 0 ? chunk : Buffer.concat([this.buffer, chunk]);
    const headEnd = this.buffer.indexOf("\r\n\r\n");
    if (headEnd < 0) return this.buffer.length > HEAD_BYTES_MAX ? this.bad("a head without end") : null;
    const [statusLine = "", ...lines] = this.buffer.toString("latin1", 0, headEnd).split("\r\n");
    const status = /^HTTP\/1\.[01] ([1-5]\d\d)( |$)/.exec(statusLine)?.[1];
    if (!status) return this.bad(`not a status line: ${statusLine.slice(0, 80)}`);
    const headers = new Map(lines.map((line) => splitHeader(line)));
    const length = headers.get("content-length");
    if (length === undefined || !/^\d+$/.test(length))
      return this.bad(`status ${status} without Content-Length`);
    const end = headEnd + 4 + Number(length);
    if (this.buffer.length < end) return null;
    if (this.buffer.length > end)
      return this.bad(`${this.buffer.length - end} bytes after the end of a ${status}`);
    const body = this.buffer.subarray(headEnd + 4, end);
    this.buffer = EMPTY;
    const close = statusLine.startsWith("HTTP/1.0") || headers.get("connection")?.toLowerCase() === "close";
    return { status: Number(status), headers, body, close };
  }

  private bad(problem: string): "bad" {
    this.problem = problem;
    return "bad";
  }
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
