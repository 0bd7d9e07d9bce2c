import { spawnSync } from "node:child_process";
import { FenceError } from "../base/errors.js";
import { EXIT } from "../base/exit.js";
import { ownArguments } from "../base/own-files.js";
import { FIND_FD, FIND_VARIABLE, type FoundProxy } from "./proxy-run.js";

/**
 * `fence proxy run`: this process becomes the proxy. The command line and fence.toml are read by a short-lived child,
 * whose parsers go with it: one process serves, under the pid that systemd knows, and holds no more than serving needs.
 */
export async function runProxyProcess(argv: readonly string[]): Promise<void> {
  const found = find(argv);
  if (found === null) return;
  try {
    const { runProxy } = await import("../proxy/run.js");
    const access = found.accessLog ? process.stdout : null;
    await runProxy({ file: found.file, errors: process.stderr, access });
  } catch (error) {
    await report(argv, error);
  }
}

/** null: the child has said all that there is to say. */
function find(argv: readonly string[]): FoundProxy | null {
  const child = spawnSync(process.execPath, [...ownArguments(), ...argv], {
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    env: { ...process.env, [FIND_VARIABLE]: "1" },
  });
  if (child.error !== undefined) throw child.error;
  const text = String(child.output[FIND_FD] ?? "");
  if (child.status === 0 && text !== "") return JSON.parse(text) as FoundProxy;
  if (child.signal !== null) process.kill(process.pid, child.signal);
  process.exitCode = child.status ?? EXIT.failed;
  return null;
}

/** As every other failure of fence; what words it is loaded only now. */
async function report(argv: readonly string[], thrown: unknown): Promise<void> {
  const [{ bareContext }, { guardStream }, { reportFailure }] = await Promise.all([
    import("./context.js"),
    import("./output.js"),
    import("./failure.js"),
  ]);
  const streams = {
    out: guardStream(process.stdout, () => {}),
    err: guardStream(process.stderr, () => {}),
  };
  const error =
    thrown instanceof FenceError
      ? thrown
      : new FenceError("server-unfit", `the proxy cannot start: ${(thrown as Error).message}`, {
          cause: thrown,
        });
  process.exitCode = reportFailure(bareContext(argv, streams), error);
}
