/**
 * The exit codes of every fence command, with the sentence that `fence help exit-codes` prints.
 * 64, 66, 77 and 78 are those of sysexits.h; 2 is free for "there is a difference", as in terraform's -detailed-exitcode.
 */
export const EXIT = {
  ok: 0,
  failed: 1,
  difference: 2,
  no: 3,
  unknown: 4,
  locked: 5,
  partial: 6,
  unproven: 7,
  rolledBack: 8,
  unwell: 9,
  usage: 64,
  noSpec: 66,
  permission: 77,
  specInvalid: 78,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitName = keyof typeof EXIT;
export type ExitCode = (typeof EXIT)[ExitName];

export const EXIT_MEANING: Readonly<Record<ExitName, string>> = {
  ok: "done, or already so",
  failed: "failed; nothing was changed",
  difference: "there is a difference or drift (render --check, plan --detailed-exitcode, verify, expire)",
  no: "fence is MODE: no, another mode is in force",
  unknown: "fence is MODE: cannot be told",
  locked: "another fence holds the lock of this state folder",
  partial: "some servers switched and others did not; the output lists them",
  unproven:
    "switched, but not proven, not drained, not settled in time or not durable; the output says which",
  rolledBack: "the proof failed, and the previous mode was put back and proven",
  unwell: "fence run, fence expire: all else was done, but the backends were not well",
  usage: "the command line is wrong",
  noSpec: "no spec was found",
  permission: "not permitted (file ownership or modes)",
  specInvalid: "the spec has errors; every one is listed with its line",
  interrupted: "stopped by SIGINT; the output says which mode is in force",
  terminated: "stopped by SIGTERM; the output says which mode is in force",
};
