import { FenceError } from "../base/errors.js";
import { EXIT } from "../base/exit.js";
import type { Output } from "./output.js";

export interface Interruption {
  /** Aborts at the first SIGINT or SIGTERM; its reason is a FenceError `interrupted` or `terminated`. */
  readonly signal: AbortSignal;
  /** Back to the system's own behaviour. */
  end(): void;
}

const KINDS = {
  SIGINT: { code: "interrupted", exit: EXIT.interrupted },
  SIGTERM: { code: "terminated", exit: EXIT.terminated },
} as const;

/** `timeout`, sudo and npm hand on what has reached the whole group, too: within this time it is one and the same. */
const SAME_MS = 1000;

/**
 * The first SIGINT or SIGTERM asks the work to stop in a stated mode; another one, a second later or more,
 * ends the process at once.
 * SIGHUP is ignored meanwhile: a dropped ssh session must not stop a change half-way.
 *
 * @param says what the first signal brings about, for the person who pressed Ctrl-C
 */
export function catchSignals(err: Pick<Output, "line">, says: string): Interruption {
  const controller = new AbortController();
  let firstAt = 0;
  const handlers = Object.entries(KINDS).map(([name, { code, exit }]) => {
    const handler = (): void => {
      if (controller.signal.aborted) {
        if (performance.now() - firstAt >= SAME_MS) process.exit(exit);
        return;
      }
      firstAt = performance.now();
      err.line(`fence: ${name}: ${says} (once more ends fence at once)`);
      controller.abort(new FenceError(code, `stopped by ${name}`));
    };
    process.on(name, handler);
    return () => process.off(name, handler);
  });
  const ignore = (): void => {};
  process.on("SIGHUP", ignore);
  return {
    signal: controller.signal,
    end() {
      for (const remove of handlers) remove();
      process.off("SIGHUP", ignore);
    },
  };
}
