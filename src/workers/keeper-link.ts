import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { ownProgram } from "../base/own-files.js";
import { waitUntil } from "../base/clock.js";
import { FenceError } from "../base/errors.js";
import { openLog } from "../base/log-file.js";
import type { Asks, ExitEvent } from "./keeper-types.js";
import { LineClient } from "./lines.js";
import type { Places } from "./places.js";

const MAIN = ownProgram("workers/keeper-main.js");
const START_MS = 15_000;
const LOOK_MS = 20;

/** The supervisor's side of the keeper. */
export class KeeperLink {
  private constructor(private readonly client: LineClient) {}

  /** The keeper that runs, or a new one. @throws FenceError worker-keeper */
  static async open(places: Places): Promise<KeeperLink> {
    const running = await LineClient.connect(places.keeper);
    if (running !== null) return new KeeperLink(running);
    startKeeper(places);
    const client = await waitUntil(() => LineClient.connect(places.keeper), {
      timeoutMs: START_MS,
      intervalMs: LOOK_MS,
    });
    if (client !== null) return new KeeperLink(client);
    throw new FenceError(
      "workers-failed",
      `the keeper of the sockets did not start within ${START_MS / 1000} s`,
      {
        hint: `${places.ownLog} says why.`,
      },
    );
  }

  /** The keeper that runs; null: there is none. */
  static async find(places: Places): Promise<KeeperLink | null> {
    const running = await LineClient.connect(places.keeper);
    return running === null ? null : new KeeperLink(running);
  }

  ask<What extends keyof Asks>(what: What, given: Asks[What]["ask"]): Promise<Asks[What]["answer"]> {
    return this.client.ask(what, given);
  }

  onExit(take: (exit: ExitEvent["exit"]) => void): void {
    this.client.onEvent = (event) => take((event as ExitEvent).exit);
  }

  /** Settles when the keeper is gone. */
  get closed(): Promise<void> {
    return this.client.closed;
  }

  close(): void {
    this.client.close();
  }
}

/**
 * It outlives this process, and so has none of its descriptors, and a session of its own; but the options that Node was
 * started with, such as a limit of memory.
 */
function startKeeper({ folder, ownLog }: Places): void {
  const log = openLog(ownLog, 0o600);
  const child = spawn(process.execPath, [...process.execArgv, MAIN, folder], {
    cwd: "/",
    env: {},
    stdio: ["ignore", log, log],
    detached: true,
  });
  child.on("error", () => {});
  child.unref();
  closeSync(log);
}
