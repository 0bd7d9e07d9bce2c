import assert from "node:assert/strict";
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
  /** Requests that this life of the backend had by then, this one with them. */
  atOnce: number;
  /** By the clock of its life. */
  beganMs: number;
  /** Until it had answered; 0 as long as it has not. */
  tookMs: number;
}

interface Ended {
  ended: string;
  tookMs: number;
}

const TOLD = "told";

/** A backend in a process of its own, which can be killed and started again on its port. */
export interface CountingBackend {
  readonly port: number;
  /** Everything that all its lives have executed so far, in the order of their ends, as far as it was told. */
  executed(): readonly Executed[];
  /** Until all that it has executed by now is told: a busy machine tells late. */
  told(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
}

export async function startCountingBackend(port: number): Promise<CountingBackend> {
  const done: Executed[] = [];
  let child: ChildProcess | null = null;
  const asking: (() => void)[] = [];
  const byId = new Map<string, Executed>();
  const take = (message: Executed | Ended): void => {
    if ("ended" in message) {
      const one = byId.get(message.ended);
      if (one !== undefined) one.tookMs = message.tookMs;
      return;
    }
    done.push(message);
    byId.set(message.id, message);
  };
  const launch = async (): Promise<void> => {
    const launched = fork(fileURLToPath(import.meta.url), [String(port)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child = launched;
    launched.on("message", (message) => {
      if (message === TOLD) asking.shift()?.();
      else if (message !== "ready") take(message as Executed | Ended);
    });
    const ended = once(launched, "exit").then(([code, signal]) =>
      assert.fail(`a backend ended before it was ready: ${code ?? signal}`),
    );
    await Promise.race([once(launched, "message"), ended]);
  };
  const end = async (): Promise<void> => {
    const dying = child;
    if (dying === null || dying.exitCode !== null || dying.signalCode !== null) return;
    // What it has told is read to its end, which may be after it is gone.
    const gone = Promise.all([once(dying, "exit"), once(dying, "disconnect")]);
    dying.kill("SIGKILL");
    await gone;
  };
  // One after another: a load that is faster than a start calls for the next end before the start is done.
  let last = Promise.resolve();
  const inTurn = (act: () => Promise<void>) => () => (last = last.then(act));
  const start = inTurn(launch);
  await start();
  return {
    port,
    executed: () => done,
    start,
    told: () =>
      new Promise((resolve) => {
        asking.push(resolve);
        child?.send(TOLD);
      }),
    kill: inTurn(end),
  };
}

/** Answers each request with the digest of its body; `?ms=` has it wait before that. */
function serve(port: number): void {
  process.on("disconnect", () => process.exit());
  // In order: what was executed before is told before.
  process.on("message", (message) => process.send?.(message));
  let running = 0;
  const server = http.createServer((request, response) => {
    const beganMs = performance.now();
    running += 1;
    response.on("close", () => (running -= 1));
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
      const executed = { id, method: request.method, bytes, sha256, atOnce: running, beganMs, tookMs: 0 };
      process.send?.(executed, () => {
        const ms = url.searchParams.get("ms");
        if (ms === null) return void response.end(`${id} ${sha256}\n`);
        setTimeout(() => {
          process.send?.({ ended: id, tookMs: performance.now() - beganMs });
          response.end(`${id} ${sha256}\n`);
        }, Number(ms));
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
