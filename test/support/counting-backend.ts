import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createHash } from "node:crypto";
import http from "node:http";
import { fileURLToPath } from "node:url";

/** What the backend has done, by the id that each request carries. */
export interface Executed {
  id: string;
  method: string;
  bytes: number;
  sha256: string;
}

/** A backend in a process of its own, which can be killed and started again on its port. */
export interface CountingBackend {
  readonly port: number;
  /** Everything that all its lives have executed so far, in the order of their ends. */
  executed(): readonly Executed[];
  kill(): Promise<void>;
  start(): Promise<void>;
}

export async function startCountingBackend(port: number): Promise<CountingBackend> {
  const done: Executed[] = [];
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    child = fork(fileURLToPath(import.meta.url), [String(port)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child.on("message", (message) => {
      if (message !== "ready") done.push(message as Executed);
    });
    await once(child, "message");
  };
  await start();
  return {
    port,
    executed: () => done,
    start,
    async kill() {
      const dying = child;
      if (dying === null || dying.exitCode !== null || dying.signalCode !== null) return;
      const gone = once(dying, "exit");
      dying.kill("SIGKILL");
      await gone;
    },
  };
}

/** Answers each request with the digest of its body; `?ms=` has it wait before that. */
function serve(port: number): void {
  const server = http.createServer((request, response) => {
    const hash = createHash("sha256");
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      hash.update(chunk);
    });
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://backend");
      const sha256 = hash.digest("hex");
      const id = url.searchParams.get("id") ?? "";
      process.send?.({ id, method: request.method, bytes, sha256 }, () => {
        setTimeout(() => response.end(`${id} ${sha256}\n`), Number(url.searchParams.get("ms") ?? 0));
      });
    });
  });
  server.on("upgrade", (request, socket) => {
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  server.listen(port, "127.0.0.1", () => process.send?.("ready"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve(Number(process.argv[2]));
