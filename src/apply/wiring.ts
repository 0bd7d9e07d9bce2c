import { join } from "node:path";
import { FenceError } from "../base/errors.js";
import type { Plan, RenderedTree } from "../plan/types.js";
import { whyUntrusted } from "../switch/safety.js";
import type { Change } from "./change.js";
import type { Machine } from "./machine.js";
import { readTree, type TreeOnDisk } from "./render-tree.js";
import type { Steps } from "./steps.js";

/**
 * A switch relies on the config that the servers run. When what is on disk is not what the spec renders to, a
 * reload or restart after the switch might fail: the server itself is asked whether it would.
 * @returns the servers whose config on disk the spec would write differently
 * @throws FenceError config-test-failed, config-test-hung
 */
export async function checkWiring(
  plan: Plan,
  machine: Machine,
  steps: Steps,
  changes: readonly Change[],
): Promise<Set<string>> {
  steps.tell("check", "start", "compare the config on disk with the spec");
  const onDisk = readTree(plan.spec.outputDir);
  const tree = machine.renderTree();
  const outdated = new Set<string>();
  for (const server of new Set(changes.flatMap(({ points }) => points.map((point) => point.server)))) {
    if (onDisk === null) {
      steps.tell(
        "check",
        "skipped",
        `nothing is rendered yet at ${plan.spec.outputDir}: run fence apply`,
        null,
        server,
      );
      continue;
    }
    if (!wiringDiffers(onDisk, tree, server)) continue;
    outdated.add(server);
    const folder = join(plan.spec.outputDir, server);
    // A config can have programs run when it is merely tested.
    const untrusted = whyUntrusted(folder);
    if (untrusted !== null) {
      const text = `warning: the config of ${server} on disk is not what the spec renders to, and is not tested: ${untrusted}`;
      steps.tell("check", "progress", text, null, server);
      continue;
    }
    const test = await machine.configTest(server, folder);
    const isRefused = test.result === "failed" || test.result === "hung";
    if (isRefused && changes.every(({ to }) => to.mode === "up")) {
      // A switch reloads nothing, and no broken file may keep a site down.
      const text = `warning: ${server} refuses the config on disk and would not start again: ${test.output}`;
      steps.tell("check", "progress", text, null, server);
      continue;
    }
    if (isRefused) {
      steps.end("check", "failed", `${server} refuses the config on disk`);
      throw new FenceError(
        test.result === "hung" ? "config-test-hung" : "config-test-failed",
        `the config of ${server} on disk is not what the spec renders to, and ${server} refuses it: ${test.output}`,
        { hint: `Nothing was changed. See fence render --check; to repeat the test: ${test.command}` },
      );
    }
    const text = `the config of ${server} on disk is not what the spec renders to; run fence apply`;
    steps.tell("check", "progress", `warning: ${text}`, null, server);
  }
  steps.end("check", "ok", "checked");
  return outdated;
}

/** Whether a file that takes effect on reload differs or is missing; one too many is named by nothing that fence writes. */
export function wiringDiffers(onDisk: TreeOnDisk, tree: RenderedTree, server: string): boolean {
  const contents = new Map(onDisk.files.map((file) => [file.path, file.content]));
  return tree.files.some(
    (file) => file.wiring && file.path.startsWith(`${server}/`) && contents.get(file.path) !== file.content,
  );
}
