import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { FENCE } from "./run-fence.js";

const RUNS = 15;
const RATIO_MAX = 2.5;

function timeOf(args: readonly string[]): number {
  const began = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
  assert.equal(status, 0);
  return performance.now() - began;
}

describe("start-up", () => {
  test(`fence --help takes less than ${RATIO_MAX} times what node itself takes`, () => {
    // In pairs, so that what else the machine does slows both alike.
    const ratios = Array.from({ length: RUNS }, () => {
      const bare = timeOf(["-e", "0"]);
      return timeOf([FENCE, "--help"]) / bare;
    }).sort((a, b) => a - b);
    const median = ratios[Math.floor(RUNS / 2)] ?? Infinity;
    assert.ok(
      median < RATIO_MAX,
      `median ${median.toFixed(2)}, all ${ratios.map((one) => one.toFixed(2)).join(" ")}`,
    );
  });
});
