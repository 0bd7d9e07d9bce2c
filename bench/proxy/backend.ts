import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { findProgram } from "../../test/support/needs.js";
import { pinned } from "../running.js";

const SOURCE = fileURLToPath(new URL("../../../bench/responder.c", import.meta.url));

export interface Backend {
  httpPort: number;
  fastcgiPort: number;
  stop(): Promise<void>;
}

/** Compiles the responder into the folder and starts it. @throws Error with what the compiler said */
export async function startBackend(folder: string, cpus: string | null): Promise<Backend> {
  const compiler = findProgram("gcc");
  if (compiler === null) throw new Error("the backend is written in C: apt install gcc libc6-dev");
  const program = path.join(folder, "responder");
  const built = spawnSync(compiler, ["-O2", "-o", program, SOURCE], { encoding: "utf8" });
  if (built.status !== 0) throw new Error(`gcc did not compile the backend\n${built.stderr}`);
  const command = pinned({ program, args: [] }, cpus);
  const child = spawn(command.program, command.args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const [httpPort = 0, fastcgiPort = 0] = line.split(" ").map(Number);
  return {
    httpPort,
    fastcgiPort,
    async stop() {
      child.kill();
      await ended;
    },
  };
}
