import { connect, type Socket } from "node:net";
import type { Where } from "../backend/where.js";
import { parseRequestHead } from "../wire/request-head.js";
import { bytePath } from "./byte-path.js";
import { parseCgiHead } from "./cgi-head.js";
import type { CgiUpstream } from "./cgi-upstream.js";
import { FastcgiDecoder } from "./fastcgi-decoder.js";
import { findScript } from "./find-script.js";
import { fieldVariables, originVariables, requestVariables } from "./variables.js";

/** What a health check asks for. */
export interface StatusQuestion {
  /** Begins with `/`; may have a query. */
  path: string;
  /** Value of Host. */
  host: string;
  timeoutMs: number;
  /** Of the proxy's coarse clock. */
  tick: number;
}

/**
 * One GET through the protocol of the backend, on a connection of its own.
 * @returns the status of the answer
 * @throws Error for whatever is no answer: refused, silent, malformed, no script by the path
 */
export async function askCgiStatus(
  where: Where,
  upstream: CgiUpstream,
  question: StatusQuestion,
): Promise<number> {
  const head = await headFor(upstream, question);
  // A check under way keeps no process from its end.
  const socket = connect(where).unref();
  try {
    return await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no answer in time")), question.timeoutMs).unref();
      socket.on("close", () => clearTimeout(timer));
      socket.on("error", reject);
      socket.on("end", () => reject(new Error("closed before an answer")));
      socket.on("connect", () => socket.write(head, "latin1"));
      readStatus(socket, upstream.protocol === "fastcgi" ? new FastcgiDecoder() : null, resolve, reject);
    });
  } finally {
    socket.destroy();
  }
}

async function headFor(upstream: CgiUpstream, { path, host, tick }: StatusQuestion): Promise<string> {
  const text = Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: fence-health\r\n\r\n`,
    "latin1",
  );
  const request = parseRequestHead(text, 0, text.length);
  if (request === "incomplete" || request.kind === "refusal")
    throw new Error("the path or host is malformed");
  const script = await findScript(upstream, bytePath(request) ?? "/", tick);
  if (typeof script === "string") throw new Error("no script by this path");
  const origin = { port: null, serverAddress: null, serverPort: "80", scheme: "http" } as const;
  const head = upstream.codec.head(
    upstream.fixed +
      requestVariables(upstream, request, script, null) +
      originVariables(upstream, { ...origin, address: "127.0.0.1" }) +
      fieldVariables(upstream, request.fields) +
      upstream.extra,
    null,
  );
  if (head === null) throw new Error("more variables than the protocol can carry");
  return head;
}

function readStatus(
  socket: Socket,
  decoder: FastcgiDecoder | null,
  resolve: (status: number) => void,
  reject: (error: Error) => void,
): void {
  let output: Buffer = Buffer.alloc(0);
  socket.on("data", (bytes: Buffer) => {
    if (decoder === null) output = Buffer.concat([output, bytes]);
    else {
      const end = decoder.take(bytes, 0, bytes.length);
      if (typeof end === "string") return reject(new Error(end));
      for (let index = 0; index < decoder.stdout.length; index += 2)
        output = Buffer.concat([output, bytes.subarray(decoder.stdout[index], decoder.stdout[index + 1])]);
    }
    const head = parseCgiHead(output, 0, output.length);
    if (typeof head === "object") resolve(head.status);
    else if (head !== "incomplete") reject(new Error(head));
    else if (decoder?.isDone === true) reject(new Error("ended before the head did"));
  });
}
