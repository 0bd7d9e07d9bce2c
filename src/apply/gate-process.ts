import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ownProgram } from "../base/own-files.js";
import { waitUntil } from "../base/clock.js";
import { FenceError } from "../base/errors.js";
import { openLog } from "../base/log-file.js";
import { programEnv } from "../base/run.js";
import type { Server, Spec } from "../spec/types.js";
import { gateInForce, keepGate } from "../verify/gate.js";
import { findMaster } from "../verify/running.js";

const PROGRAM = ownProgram("gate/main.js");
const LOOK_MS = 25;
const START_TIMEOUT_MS = 15_000;
const LOG_TAIL_BYTES = 600;

/**
 * Sees to it that a gate serves by what is rendered now. One that serves by something else takes nothing new and ends
 * once what it has is through.
 * @throws FenceError gate-failed
 */
export async function ensureGate(spec: Spec, gate: Server, socket: string): Promise<void> {
  const config = join(spec.outputDir, gate.name, "gate.json");
  const wanted = digestOf(config);
  const running = await gateInForce(socket);
  if (running === wanted && (await keepGate(socket))) return;
  if (running !== null) await stopGate(gate, "at once");
  const gone = await waitUntil(async () => ((await gateInForce(socket)) === null ? true : null), {
    timeoutMs: START_TIMEOUT_MS,
    intervalMs: LOOK_MS,
  });
  if (gone === null) throw new FenceError("gate-failed", "the gate that runs does not end");
  const log = join(dirname(gate.pidFile), "gate.log");
  const child = startProcess(config, log);
  let exit: string | null = null;
  child.once("exit", (code, signal) => (exit = `it ended with ${signal ?? `exit code ${code}`}`));
  child.once("error", (error) => (exit = error.message));
  const ready = await waitUntil(
    async () => (exit !== null ? false : (await gateInForce(socket)) === wanted ? true : null),
    { timeoutMs: START_TIMEOUT_MS, intervalMs: LOOK_MS },
  );
  child.unref();
  if (ready === true && (await keepGate(socket))) return;
  if (exit === null) child.kill("SIGTERM");
  throw new FenceError("gate-failed", `the gate does not start: ${exit ?? "no answer in time"}`, {
    hint: `Nothing was changed. ${log} ends with: ${tailOf(log)}`,
  });
}

/**
 * Has it end by itself: once nobody needs it any more, or at once, when it takes nothing new but what it has still goes
 * through.
 */
export async function stopGate(gate: Server, when: "when idle" | "at once"): Promise<void> {
  const { pid } = await findMaster(gate);
  if (pid === null) return;
  try {
    process.kill(pid, when === "at once" ? "SIGUSR2" : "SIGTERM");
  } catch {
    // It has ended meanwhile.
  }
}

/** In a session of its own, so that no terminal ends it, and with nothing of the caller's environment. */
function startProcess(config: string, log: string) {
  const fd = openLog(log, 0o600);
  try {
    const stdio = ["ignore", fd, fd] as const;
    return spawn(process.execPath, [PROGRAM, "run", config], {
      detached: true,
      cwd: "/",
      env: programEnv(),
      stdio: [...stdio],
    });
  } finally {
    closeSync(fd);
  }
}

function digestOf(config: string): string {
  try {
    return createHash("sha256").update(readFileSync(config)).digest("hex");
  } catch (cause) {
    throw new FenceError("gate-failed", `the gate's config is not rendered: ${(cause as Error).message}`, {
      cause,
      hint: "Nothing was changed. Run fence apply --reload first: the servers must know the gate.",
    });
  }
}

function tailOf(log: string): string {
  try {
    return JSON.stringify(readFileSync(log, "utf8").slice(-LOG_TAIL_BYTES).trim());
  } catch {
    return "nothing";
  }
}
