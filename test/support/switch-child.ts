/**
 * One switch in a process of its own, for tests that kill it, fail its file calls or race it.
 *   node switch-child.js FOLDER MODE SITE[,SITE] [LOCK_TIMEOUT_MS [stuck]]
 * The servers are fakes that serve what is on the disk; stuck ones never show the new mode, so that the switch is
 * undone. Prints the result as one line of JSON.
 */
import { switchModes } from "../../src/apply/switch-modes.js";
import { FenceError } from "../../src/base/errors.js";
import { EXIT } from "../../src/base/exit.js";
import { fakeMachine, planOf, requestOf, type Lies } from "./fake-machine.js";

const [folder = "", mode = "", sites = "", lockTimeoutMs = "0", lie = ""] = process.argv.slice(2);
const names = sites.split(",");
try {
  const request = requestOf(mode === "down" ? "down" : "up", names, {
    lockTimeoutMs: Number(lockTimeoutMs),
    timeoutMs: lie === "stuck" ? 20 : 2000,
  });
  const stuck: Lies["observe"] = (_point, truth) =>
    truth.mode === request.mode ? { ...truth, mode: "unknown", problems: ["stuck"] } : truth;
  const machine = fakeMachine(lie === "stuck" ? { observe: stuck } : {});
  const result = await switchModes(planOf(folder, names), request, machine);
  console.log(JSON.stringify(result));
  process.exitCode = EXIT[result.exit];
} catch (error) {
  console.log(
    JSON.stringify({ error: String(error), code: error instanceof FenceError ? error.code : null }),
  );
  process.exitCode = error instanceof FenceError ? EXIT[error.exit] : 99;
}
