import { waitUntil } from "../base/clock.js";
import { FenceError } from "../base/errors.js";
import { endsWithin, processInfo } from "../base/process-info.js";
import { LineClient } from "./lines.js";
import { placesIn } from "./places.js";
import type { SetCommand } from "./supervisor.js";
import type { Outcome, StatusFacts } from "./types.js";

const LOOK_MS = 50;
/** It has closed everything by then, and only its process ends. */
const GONE_MS = 10_000;
/** Far more than a look at hundreds of processes takes; a supervisor that was stopped by SIGSTOP never answers. */
const STATUS_MS = 5_000;

/** What the commands of fence ask a supervisor that runs. */
export class SupervisorClient {
  private constructor(private readonly client: LineClient) {}

  /** null: none runs. */
  static async connect(folder: string): Promise<SupervisorClient | null> {
    const client = await LineClient.connect(placesIn(folder).admin);
    return client === null ? null : new SupervisorClient(client);
  }

  /** @throws FenceError unknown-worker; workers-failed when it does not answer */
  status(name: string | null): Promise<StatusFacts> {
    let timer: NodeJS.Timeout;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(silentError()), STATUS_MS);
    });
    const asked = this.client.ask<StatusFacts>("status", { name });
    return Promise.race([asked, late]).finally(() => clearTimeout(timer));
  }

  command(command: SetCommand, name: string | null): Promise<Outcome[]> {
    return this.client.ask(command, { name });
  }

  /** stop: the workers end, too. leave: they serve on. Resolves when the supervisor is gone, with all files it had open. */
  async end(how: "stop" | "leave"): Promise<void> {
    const { pid } = await this.client.ask<{ pid: number }>(how === "stop" ? "end" : "leave");
    const start = processInfo(pid)?.start ?? "";
    await this.client.closed;
    await endsWithin(pid, start, GONE_MS);
  }

  close(): void {
    this.client.close();
  }
}

function silentError(): FenceError {
  return new FenceError("workers-failed", `the supervisor does not answer within ${STATUS_MS / 1000} s`, {
    hint: "Its workers serve on without it. When it stays so, kill it and start another: fence workers start.",
  });
}

/** Waits until a supervisor has started each set once. @returns null when it has not, at the deadline or at `isOver` */
export async function whenReady(
  folder: string,
  timeoutMs: number,
  isOver: () => boolean,
): Promise<StatusFacts | null> {
  const seen = await waitUntil(
    async () => {
      if (isOver()) return "over" as const;
      const client = await SupervisorClient.connect(folder);
      if (client === null) return null;
      try {
        const facts = await client.status(null);
        return facts.supervisor.ready ? facts : null;
      } catch {
        return null;
      } finally {
        client.close();
      }
    },
    { timeoutMs, intervalMs: LOOK_MS },
  );
  return seen === "over" ? null : seen;
}
