import { spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FENCE, resultOf, until, type CliResult, type World } from "./world.js";

const PRELOAD = new URL("./stop-preload.js", import.meta.url).href;

/** A fence that stops at one step. */
interface StoppingFence {
  child: ChildProcess;
  /** It has stopped there. @throws Error when it has ended before */
  stopped(): Promise<void>;
  goOn(): void;
  result: Promise<CliResult>;
}

/** Starts a command of fence. @param places see stop-preload.ts */
export function stoppingFence(
  { folder, specFile }: Pick<World, "folder" | "specFile">,
  places: string,
  command: string,
  ...args: string[]
): StoppingFence {
  const file = join(folder, `stopped-${randomInt(1e9)}`);
  const env = { ...process.env, FENCE_TEST_STOP: places, FENCE_TEST_STOPPED: file };
  const child = spawn(
    process.execPath,
    ["--import", PRELOAD, FENCE, "-c", specFile, command, "--json", ...args],
    { stdio: ["ignore", "pipe", "pipe"], env },
  );
  return {
    child,
    stopped: () =>
      until(`fence to be at ${places}`, () => {
        if (child.exitCode !== null) throw new Error(`fence ended before ${places}`);
        return existsSync(file);
      }),
    goOn: () => writeFileSync(`${file}.go`, ""),
    result: resultOf(child),
  };
}
