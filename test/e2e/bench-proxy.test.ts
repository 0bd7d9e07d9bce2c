import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Report } from "../../bench/proxy/report.js";
import { needs } from "../support/needs.js";

const BENCH = fileURLToPath(new URL("../../bench/proxy.js", import.meta.url));

test(
  "the proxy bench measures fence and nginx, and draws it",
  needs("nginx", "wrk", "gcc", "taskset"),
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "fence-bench-test-"));
    const picture = path.join(folder, "picture.svg");
    try {
      const args = [BENCH, "--quick", "--rounds", "2", "--case", "get-1k", "--json", "--picture", picture];
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 0, stderr + stdout);
      const report = JSON.parse(stdout) as Report;
      assert.deepEqual(report.notMeasured, []);
      assert.deepEqual(report.results.map(({ peer }) => peer).sort(), ["fence", "nginx"]);
      for (const { peer, cpu, throughput, faults } of report.results) {
        assert.deepEqual(faults, []);
        // how good they are is for no test to say
        for (const ratio of [cpu, throughput])
          assert.ok(ratio !== null && ratio.count > 0 && ratio.min > 0, peer);
      }
      assert.match(readFileSync(picture, "utf8"), /^<svg [\s\S]*GET 1 KB[\s\S]*<\/svg>\n$/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test("it refuses a name that it does not know, and prints its help", needs("linux"), async () => {
  const refused = await run([BENCH, "--case", "nothing"]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /there is no nothing/);
  const help = await run([BENCH, "--help"]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /--peers NAME/);
});

async function run(args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}
