import { connect } from "node:net";

/** An answer as it came, and what it means. */
export interface RawAnswer {
  /** 0: none came. */
  status: number;
  /** Names in lower case; several of one name are several. */
  headers: ReadonlyMap<string, readonly string[]>;
  /** Chunks put together; one character a byte. */
  body: string;
}

const DEADLINE_MS = 30_000;

interface Asking {
  /** Address of the client. */
  from?: string | undefined;
  /** Of silence, behind which it has failed. */
  deadlineMs?: number | "as long as it takes";
}

/** Sends bytes on a connection of its own and reads until the server closes it, or the answer is whole. */
export function askRaw(
  port: number,
  message: string,
  { from = "127.0.0.1", deadlineMs = DEADLINE_MS }: Asking = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress: from });
    let text = "";
    const done = (): void => {
      socket.destroy();
      resolve(parsed(text));
    };
    socket.setTimeout(typeof deadlineMs === "number" ? deadlineMs : 0, () => {
      socket.destroy();
      reject(new Error(`no whole answer to ${message.slice(0, 200)}: ${text.slice(0, 200)}`));
    });
    socket.on("connect", () => socket.write(message, "latin1"));
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (isWhole(text, message)) done();
    });
    socket.on("error", () => done());
    socket.on("close", done);
  });
}

function isWhole(text: string, message: string): boolean {
  const { status, headers, body } = parsed(text);
  const end = text.indexOf("\r\n\r\n");
  if (end === -1 || status < 200) return status === 101;
  if (message.startsWith("HEAD ") || status === 204 || status === 304) return true;
  if (headers.has("transfer-encoding"))
    return text.endsWith("\r\n0\r\n\r\n") || text.endsWith("\r\n\r\n0\r\n\r\n");
  const [length] = headers.get("content-length") ?? [];
  return length !== undefined && body.length >= Number(length);
}

function parsed(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = text.slice(0, end === -1 ? undefined : end).split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1] ?? 0);
  // An interim answer stands before the one that counts.
  if (status === 100 && end !== -1) return parsed(text.slice(end + 4));
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  const rest = end === -1 ? "" : text.slice(end + 4);
  return { status, headers, body: headers.has("transfer-encoding") ? dechunked(rest) : rest };
}

function dechunked(text: string): string {
  let body = "";
  for (let at = 0; at < text.length;) {
    const line = text.indexOf("\r\n", at);
    const size = parseInt(text.slice(at, line), 16);
    if (line === -1 || !(size > 0)) break;
    body += text.slice(line + 2, line + 2 + size);
    at = line + 4 + size;
  }
  return body;
}
