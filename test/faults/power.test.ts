import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { switchModes } from "../../src/apply/switch-modes.js";
import { processInfo } from "../../src/base/process-info.js";
import { readOnDisk } from "../../src/switch/on-disk.js";
import { bundled } from "../support/bundled.js";
import { checkNext, checkStatus } from "../support/crash-checks.js";
import { fakeMachine, planOf, requestOf, temporaryFolder } from "../support/fake-machine.js";
import { Faults, type FileCall } from "../support/faults.js";
import { makeImage, Mount } from "../support/mounts.js";
import { needs } from "../support/needs.js";
import { until } from "../support/world.js";

const CHILD = await bundled("switch-child");
const IMAGE_MB = 8;
/** The disk gets only what was synced: nothing is written back by itself, and a rename flushes no file. */
const LAZY = "loop,commit=300,noauto_da_alloc";
const WHERE_ALL = [LAZY, "loop,commit=300", `${LAZY},data=writeback`, `${LAZY},data=journal`];
const SWITCHES_ALL: readonly Switch[] = [
  { to: "down", sites: ["main"] },
  { to: "up", sites: ["main"] },
  { to: "down", sites: ["main", "shop", "blog"] },
  { to: "up", sites: ["main", "shop", "blog"] },
];
/** The first of each, unless FENCE_FAULTS=all. */
const COUNT = process.env["FENCE_FAULTS"] === "all" ? Infinity : 1;

/** From the other mode. */
interface Switch {
  to: "down" | "up";
  sites: readonly string[];
}

const home = temporaryFolder();
const folder = join(home, "mounted");

/** The image as the disk has it at each file call of a switch, and after it has said that it is done. */
async function cutsOf(
  image: string,
  mountOptions: string,
  { to, sites }: Switch,
): Promise<{ call: FileCall | null; image: string }[]> {
  const faults = new Faults(folder);
  const mount = Mount.of(folder, "-o", mountOptions, image);
  assert.ok(mount);
  try {
    const env = { ...process.env, ...faults.environment({ at: 0, act: { kind: "stop" } }) };
    const child = spawn(process.execPath, [CHILD, folder, to, sites.join(",")], { env, stdio: "ignore" });
    const exit = once(child, "exit") as Promise<[number | null]>;
    const cuts: { call: FileCall | null; image: string }[] = [];
    const isStopped = (): boolean =>
      processInfo(child.pid ?? 0)?.state === "T" && faults.calls().length > cuts.length;
    for (;;) {
      await until("the next file call", () => isStopped() || child.exitCode !== null, 120_000);
      if (child.exitCode !== null) break;
      const copy = `${image}.${cuts.length}`;
      copyFileSync(image, copy);
      cuts.push({ call: faults.calls()[cuts.length] ?? null, image: copy });
      child.kill("SIGCONT");
    }
    assert.deepEqual((await exit)[0], 0);
    copyFileSync(image, `${image}.done`);
    return [...cuts, { call: null, image: `${image}.done` }];
  } finally {
    mount.end();
    faults.close();
  }
}

for (const mountOptions of WHERE_ALL.slice(0, COUNT)) {
  for (const { to, sites } of SWITCHES_ALL.slice(0, COUNT)) {
    const from = to === "down" ? "up" : "down";
    test(
      `the power is cut at any file call on the way ${to} of ${sites.length}: the disk has old or new, and new once ` +
        `fence said so (${mountOptions})`,
      needs("gcc", "linux", "root", "loop-image"),
      async () => {
        const image = join(home, "image");
        makeImage(image, IMAGE_MB);
        const first = Mount.of(folder, "-o", mountOptions, image);
        // In a container that may not mount: told, and no failure.
        if (first === null) return console.log("# not run: this machine mounts no loop image");
        const plan = planOf(folder, sites);
        await switchModes(plan, requestOf("up", sites), fakeMachine());
        if (from === "down") await switchModes(plan, requestOf("down", sites), fakeMachine());
        first.end();
        const cuts = await cutsOf(image, mountOptions, { to, sites });
        assert.ok(cuts.length >= 40, String(cuts.length));
        let isNew = 0;
        for (const [index, cut] of cuts.entries()) {
          const what =
            cut.call === null
              ? "cut when done"
              : `cut at ${cut.call.number}: ${cut.call.name} ${cut.call.path}`;
          const mount = Mount.of(folder, "-o", mountOptions, cut.image);
          assert.ok(mount, what);
          try {
            const modes = new Set(plan.switchPoints.map((point) => readOnDisk(point).mode as string));
            for (const mode of modes) assert.ok(mode === "up" || mode === "down", `${what}: ${mode}`);
            if (cut.call === null) assert.deepEqual([...modes], [to], what);
            if (modes.has(to)) isNew += 1;
            await checkStatus(plan, modes, what);
            await checkNext(plan, index % 2 === 0 ? "down" : "up", what);
          } finally {
            mount.end();
          }
          rmSync(cut.image);
        }
        console.log(`# ${cuts.length} power cuts, ${isNew} with the new variant on the disk`);
        assert.ok(isNew > 0 && isNew < cuts.length);
      },
    );
  }
}
