import type { Diagnostic } from "./diagnostics.js";
import type { ExitName } from "./exit.js";

/**
 * Every error that fence itself raises. The code is stable: scripts may match it, docs/errors.md explains it.
 * A code names what is wrong; `exit` is the exit code that the command ends with.
 */
export const ERROR_CODES = {
  "spec-not-found": "noSpec",
  "spec-unreadable": "noSpec",
  "spec-invalid": "specInvalid",
  "page-invalid": "specInvalid",
  usage: "usage",
  "unknown-site": "usage",
  "unknown-server": "usage",
  "output-not-ours": "failed",
  "output-not-writable": "permission",
  "state-not-safe": "permission",
  "state-not-writable": "permission",
  "variant-unreadable": "permission",
  "state-unknown-version": "failed",
  "state-unreadable": "failed",
  "state-of-another": "failed",
  "journal-unreadable": "failed",
  "not-applied": "failed",
  "lock-held": "locked",
  "server-not-running": "failed",
  "server-not-found": "failed",
  "server-unfit": "failed",
  "mode-unsupported": "failed",
  "not-wired": "failed",
  "not-held": "failed",
  "gate-failed": "failed",
  "not-up": "failed",
  "run-under-way": "locked",
  "config-test-failed": "failed",
  "config-test-hung": "failed",
  "not-durable": "unproven",
  "no-browser": "failed",
  "reload-failed": "failed",
  "upgrade-failed": "failed",
  "unknown-worker": "usage",
  "worker-socket": "permission",
  "worker-not-ready": "failed",
  "worker-unfit": "failed",
  "workers-busy": "locked",
  "workers-failed": "failed",
  "workers-not-running": "failed",
  "workers-import": "failed",
  interrupted: "interrupted",
  terminated: "terminated",
  internal: "failed",
} as const satisfies Record<string, ExitName>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An expected failure: a sentence for a person, a code for a script, and what to do about it. */
export class FenceError extends Error {
  override readonly name = "FenceError";
  readonly code: ErrorCode;
  /** What to do about it, one sentence; null when there is nothing to add. */
  readonly hint: string | null;
  /** For `spec-invalid`: every problem of the spec. */
  readonly diagnostics: readonly Diagnostic[];
  readonly exit: ExitName;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; cause?: unknown; diagnostics?: readonly Diagnostic[]; exit?: ExitName } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? null;
    this.diagnostics = options.diagnostics ?? [];
    this.exit = options.exit ?? ERROR_CODES[code];
  }
}
