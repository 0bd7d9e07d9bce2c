/**
 * One switch in a process of its own, for tests that kill it, fail its file calls or race it.
 *   node switch-child.js FOLDER MODE SITE[,SITE] [LOCK_TIMEOUT_MS]
 * The servers are fakes that serve what is on the disk. Prints the result as one line of JSON.
 */
import { switchModes } from "../../src/apply/switch-modes.js";
import { FenceError } from "../../src/base/errors.js";
import { EXIT } from "../../src/base/exit.js";
import { fakeMachine, planOf, requestOf } from "./fake-machine.js";

const [folder = "", mode = "", sites = "", lockTimeoutMs = "0"] = process.argv.slice(2);
const names = sites.split(",");
try {
  const request = requestOf(mode === "down" ? "down" : "up", names, {
    lockTimeoutMs: Number(lockTimeoutMs),
    timeoutMs: 2000,
  });
  const result = await switchModes(planOf(folder, names), request, fakeMachine());
  console.log(JSON.stringify(result));
  process.exitCode = EXIT[result.exit];
} catch (error) {
  console.log(
    JSON.stringify({ error: String(error), code: error instanceof FenceError ? error.code : null }),
  );
  process.exitCode = error instanceof FenceError ? EXIT[error.exit] : 99;
}
