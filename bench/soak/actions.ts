import { setTimeout as pause } from "node:timers/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { waitUntil } from "../../src/base/clock.js";
import { EXIT } from "../../src/base/exit.js";
import { adapterOf } from "../../src/servers/registry.js";
import type { CountingBackend } from "../../test/support/counting-backend.js";
import { runFence } from "../../test/support/world.js";
import { canHold } from "../demo-hold.js";
import { fence, type Stand } from "../stand.js";
import type { Random } from "./random.js";

const FENCE = fileURLToPath(new URL("../../../bin/fence.js", import.meta.url));
const KILL_AFTER_MS = 700;
const RELOAD_MS = 60_000;

export interface Scene {
  stand: Stand;
  /** Of the process that takes the signal of a reload. */
  serverPid: number;
  backend: CountingBackend;
  random: Random;
}

export interface Action {
  name: string;
  /** What of the machine it needs; absent: nothing. */
  fits?: (scene: Scene) => boolean;
  /** Begins and ends with the site up. @throws Error with what went wrong */
  act: (scene: Scene) => Promise<void>;
}

const holds = ({ stand }: Scene): boolean => canHold(stand.kind);

/** What people and machines do to a site, in no order. */
export const ACTIONS: readonly Action[] = [
  {
    name: "down, up",
    act: async ({ stand, random }) => {
      await fence(stand, "down", "main");
      await pause(random.below(300));
      await fence(stand, "up", "main");
    },
  },
  {
    name: "hold, backend killed and restarted, release",
    fits: holds,
    act: async ({ stand, backend, random }) => {
      await fence(stand, "hold", "main");
      await backend.told();
      const before = backend.executed().length;
      await backend.kill();
      await pause(random.below(500));
      await backend.start();
      const strays = backend.executed().length - before;
      if (strays > 0) throw new Error(`${strays} requests reached the backend inside a hold`);
      await fence(stand, "release", "main");
    },
  },
  {
    name: "hold, down, up",
    fits: holds,
    act: async ({ stand, random }) => {
      await fence(stand, "hold", "main");
      await pause(random.below(300));
      await fence(stand, "down", "main");
      await fence(stand, "up", "main");
    },
  },
  {
    name: "run",
    fits: holds,
    act: async ({ stand }) => {
      await fence(stand, "run", "main", "--", process.execPath, "-e", "0");
    },
  },
  {
    name: "two commands at once",
    act: async ({ stand }) => {
      const ends = await Promise.all(
        ["down", "up"].map((mode) => runFence(["-c", stand.specFile, mode, "main"])),
      );
      for (const { code, stderr } of ends)
        if (code !== EXIT.ok && code !== EXIT.locked) throw new Error(`ended with ${code}\n${stderr}`);
      await fence(stand, "up", "main");
    },
  },
  {
    name: "a fence that is killed",
    act: async ({ stand, random }) => {
      const mode = holds({ stand } as Scene) && random.below(2) === 0 ? "hold" : "down";
      const child = spawn(process.execPath, [FENCE, "-c", stand.specFile, mode, "main"], {
        stdio: "ignore",
      });
      const ended = once(child, "exit");
      await pause(random.below(KILL_AFTER_MS));
      child.kill("SIGKILL");
      await ended;
      await fence(stand, "status", "main");
      await fence(stand, "up", "main");
    },
  },
  {
    name: "a reload",
    act: async ({ stand, serverPid }) => {
      process.kill(serverPid, adapterOf(stand.kind).reloadSignal);
      // Until then workers of before the reload may still take connections.
      const isProven = async (): Promise<true | null> =>
        (await runFence(["-c", stand.specFile, "verify", "main"])).code === EXIT.ok ? true : null;
      if ((await waitUntil(isProven, { timeoutMs: RELOAD_MS, intervalMs: 100 })) === null)
        throw new Error("the site is not proven up behind a reload");
    },
  },
  {
    name: "a reload while it is held",
    fits: holds,
    act: async ({ stand, serverPid, backend, random }) => {
      await fence(stand, "hold", "main");
      await backend.told();
      const before = backend.executed().length;
      process.kill(serverPid, adapterOf(stand.kind).reloadSignal);
      await pause(random.below(500));
      await backend.told();
      const strays = backend.executed().length - before;
      if (strays > 0) throw new Error(`${strays} requests reached the backend inside a hold`);
      await fence(stand, "release", "main");
    },
  },
];
