import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProgram, type Ended } from "../cli/run-fence.js";
import { findProgram } from "./needs.js";

const SOURCE = fileURLToPath(new URL("../../../test/faults/faults.c", import.meta.url));
/** One that hangs is a defect; the machine may be busy with other things. */
const RUN_TIMEOUT_MS = 120_000;

/** A file call of a process below the watched folder. */
export interface FileCall {
  /** From 1, in the order in which they were made. */
  number: number;
  name: string;
  path: string;
}

export type Errno = "ENOSPC" | "EIO" | "EACCES" | "EROFS" | "EMFILE" | "EINTR";

/** What befalls a process at one of its file calls. */
export interface Fault {
  /** The number of the call; 0: each. */
  at: number;
  act:
    | { kind: "kill" | "stop" | "short" }
    | { kind: "signal"; signal: NodeJS.Signals }
    | { kind: "errno"; errno: Errno }
    /** From this call on the wall clock is so much ahead. */
    | { kind: "clock"; seconds: number };
}

export interface FaultedRun extends Ended {
  calls: readonly FileCall[];
  /** It came as far as the call that the fault was meant for. */
  isHit: boolean;
}

export interface FaultOptions {
  /** Opens for reading and listings count, too. */
  reads?: boolean;
  cwd?: string;
}

/** Runs Node scripts and does something to their file calls below one folder. */
export class Faults {
  readonly #home = mkdtempSync(join(tmpdir(), "fence-faults-"));
  readonly #library = join(this.#home, "faults.so");
  readonly #counter = join(this.#home, "counter");
  readonly #log = join(this.#home, "log");

  constructor(private readonly folder: string) {
    execFileSync(findProgram("gcc") ?? "gcc", [
      "-shared",
      "-fPIC",
      "-O2",
      "-o",
      this.#library,
      SOURCE,
      "-ldl",
    ]);
    this.#reset();
  }

  /** @param fault null: nothing befalls it, its calls are only counted */
  async run(args: readonly string[], fault: Fault | null, options: FaultOptions = {}): Promise<FaultedRun> {
    this.#reset();
    const ended = await runProgram(process.execPath, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: this.environment(fault, options.reads ?? false),
      timeoutMs: RUN_TIMEOUT_MS,
    });
    const calls = this.calls();
    return { ...ended, calls, isHit: fault !== null && calls.some(({ number }) => number === fault.at) };
  }

  /** For a process that the caller starts. */
  environment(fault: Fault | null, reads = false): Record<string, string> {
    return {
      LD_PRELOAD: this.#library,
      FENCE_FAULT_FOLDER: this.folder,
      FENCE_FAULT_COUNTER: this.#counter,
      FENCE_FAULT_LOG: this.#log,
      // One thread for Node's own file work: the same order of calls in each run.
      UV_THREADPOOL_SIZE: "1",
      ...(reads ? { FENCE_FAULT_READS: "1" } : {}),
      ...(fault === null ? {} : { FENCE_FAULT_AT: String(fault.at), FENCE_FAULT_DO: textOf(fault.act) }),
    };
  }

  /** Those of the last run, so far. */
  calls(): FileCall[] {
    return readFileSync(this.#log, "utf8")
      .split("\n")
      .flatMap((line) => {
        const [, number, name = "", path = ""] = /^(\d+) (\w+) (.*)$/.exec(line) ?? [];
        return number === undefined ? [] : [{ number: Number(number), name, path }];
      });
  }

  #reset(): void {
    writeFileSync(this.#counter, Buffer.alloc(4));
    writeFileSync(this.#log, "");
  }

  close(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }
}

function textOf(act: Fault["act"]): string {
  switch (act.kind) {
    case "errno":
      return `errno:${constants.errno[act.errno]}`;
    case "signal":
      return `signal:${constants.signals[act.signal]}`;
    case "clock":
      return `clock:${act.seconds}`;
    default:
      return act.kind;
  }
}
