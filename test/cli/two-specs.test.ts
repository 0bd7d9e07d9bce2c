import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { needs } from "../support/needs.js";
import { createWorld, runFence, type CliResult, type World } from "../support/world.js";
import { assertFails } from "./run-fence.js";

describe("two specs that name one state folder", needs("nginx", "root"), () => {
  let world: World;
  let other: string;
  before(async () => {
    world = await createWorld({ kind: "nginx" });
    mkdirSync(join(world.folder, "other"));
    other = join(world.folder, "other/fence.toml");
    copyFileSync(world.specFile, other);
    await succeeds(world.specFile, "apply");
    await world.start();
  });
  after(() => world.end());

  const succeeds = async (spec: string, ...args: string[]): Promise<CliResult> => {
    const result = await runFence(["-c", spec, ...args]);
    assert.equal(result.code, 0, `fence ${args.join(" ")}: ${result.stdout}${result.stderr}`);
    return result;
  };
  const isRefused = async (spec: string, ...args: string[]): Promise<CliResult> => {
    const result = await runFence(["-c", spec, ...args]);
    assertFails(result, "state-of-another", 1);
    return result;
  };

  test("are told apart: the second one neither applies nor switches, and is told what to do", async () => {
    const { stderr } = await isRefused(other, "apply");
    assert.ok(
      stderr.includes(`${world.folder}/state is the state folder of ${world.specFile}, not of ${other}`),
    );
    assert.match(stderr, /state_dir, a run_dir and servers of its own.*fence apply --take-over/s);
    for (const command of [["down"], ["hold"], ["run", "main", "--", "true"]])
      await isRefused(other, ...command);
    assert.equal((await world.get()).status, 200);
    await succeeds(world.specFile, "verify");
  });

  test("are told by doctor", async () => {
    const { code, stdout } = await runFence(["-c", other, "doctor"]);
    assert.equal(code, 1);
    assert.match(stdout, /state_dir: .* is the state folder of .*fence.toml, not of .*other\/fence.toml/);
    await succeeds(world.specFile, "doctor");
  });

  test("are one when a symlink leads to the other", async () => {
    const link = join(world.folder, "link.toml");
    symlinkSync(world.specFile, link);
    await succeeds(link, "down");
    await succeeds(link, "apply");
    await succeeds(world.specFile, "up");
  });

  test("change places when the second one takes over", async () => {
    await succeeds(other, "apply", "--take-over");
    await succeeds(other, "down");
    await isRefused(world.specFile, "up");
    await succeeds(other, "up");
    await succeeds(world.specFile, "apply", "--take-over");
  });

  test("are one when the first was moved", async () => {
    const moved = join(world.folder, "moved.toml");
    renameSync(world.specFile, moved);
    assert.ok(!existsSync(world.specFile));
    await succeeds(moved, "down");
    await succeeds(moved, "apply");
    const record = JSON.parse(readFileSync(join(world.folder, "state/spec.json"), "utf8")) as unknown;
    assert.deepEqual(record, { version: 1, spec: moved });
    await succeeds(moved, "up");
  });
});
