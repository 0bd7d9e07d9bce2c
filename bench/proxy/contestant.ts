import { mkdirSync } from "node:fs";
import path from "node:path";
import { freePort } from "../../test/support/world.js";
import { pinned, startListening, type RunningServer } from "../running.js";
import { askOnce, faultOf } from "./ask.js";
import type { Backend } from "./backend.js";
import type { Case } from "./cases.js";
import type { DownAnswer, Peer } from "./peer.js";

/** A peer that serves a case. */
export interface Contestant {
  peer: Peer;
  port: number;
  server: RunningServer;
  /** Of a right answer. */
  bodyBytes: number;
}

export interface Ground {
  folder: string;
  files: string;
  backend: Backend;
  down: DownAnswer;
}

/**
 * Starts a peer for a case and looks at its first answer.
 * @throws Error when it does not start, cannot do what is asked, or answers wrongly
 */
export async function enter(
  ground: Ground,
  peer: Peer,
  asked: Case,
  cpus: string | null,
): Promise<Contestant> {
  const folder = path.join(ground.folder, `${asked.name}-${peer.name}`);
  mkdirSync(folder);
  const port = await freePort();
  const { httpPort, fastcgiPort } = ground.backend;
  const stand = { asked, folder, port, httpPort, fastcgiPort, files: ground.files, down: ground.down };
  const server = await startListening(pinned(await peer.prepare(stand), cpus), port);
  try {
    await peer.settle?.(stand);
    const answer = await askOnce(asked, port);
    // the maintenance answer is as long as fence's, which is asked first
    const expected = asked.bodyBytes ?? (Buffer.byteLength(ground.down.body) || null);
    const fault = faultOf(asked, expected, answer);
    if (fault !== null) throw new Error(fault);
    return { peer, port, server, bodyBytes: answer.body.length };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
