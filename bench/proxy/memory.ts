import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { treeRssBytes } from "../worker-cpu.js";
import type { Contestant } from "./contestant.js";
import type { Case } from "./cases.js";
import { hostOf } from "./peer.js";

const ANSWER_TIMEOUT_MS = 10_000;
/** For what a server frees, or gives back, a moment later. */
const REST_MS = 1000;

export interface MemoryFigures {
  freshBytes: number;
  idleBytes: number;
  perConnectionBytes: number;
}

/** Memory of a server that has just started, and then with connections that had one answer each and wait. */
export async function measureMemory(asked: Case, { port, server }: Contestant): Promise<MemoryFigures> {
  await pause(REST_MS);
  const freshBytes = treeRssBytes(server.pid);
  const sockets: Socket[] = [];
  try {
    for (let count = 0; count < asked.connections; count += 1) sockets.push(await open(asked, port));
    await pause(REST_MS);
    const idleBytes = treeRssBytes(server.pid);
    const perConnectionBytes = (idleBytes - freshBytes) / asked.connections;
    return { freshBytes, idleBytes, perConnectionBytes };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** A connection that has got its answer. */
function open(asked: Case, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let bytes = 0;
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error("no answer")));
    socket.on("data", (part) => {
      bytes += part.length;
      if (bytes >= (asked.bodyBytes ?? 0)) {
        socket.setTimeout(0);
        resolve(socket);
      }
    });
    socket.on("error", reject).on("close", () => reject(new Error("the connection was closed")));
    socket.write(`GET ${asked.path} HTTP/1.1\r\nHost: ${hostOf(asked)}\r\n\r\n`);
  });
}
