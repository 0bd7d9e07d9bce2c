import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { FENCE, createWorld, type World } from "../support/world.js";
import { Faults } from "../support/faults.js";
import { needs } from "../support/needs.js";
import { chosen, leftoversIn } from "./cold-world.js";

/** Of each command, unless FENCE_FAULTS says another number. */
const POINTS = 2;
const STEADY = ["up", "down", "hold"];

/** Commands that a server must answer, and the one that brings about where they start. */
const COMMANDS: readonly { args: readonly string[]; from: readonly string[] }[] = [
  { args: ["down", "main"], from: ["up", "main"] },
  { args: ["hold", "main"], from: ["up", "main"] },
  { args: ["release", "main"], from: ["hold", "main", "--for", "10m"] },
  { args: ["run", "main", "--", process.execPath, "-e", "0"], from: ["up", "main"] },
];

describe(
  "killed at any file call while a server runs, fence leaves its clients one mode, and the next command gets on",
  needs("gcc", "linux"),
  () => {
    let world: World;
    let faults: Faults;
    before(async () => {
      world = await createWorld({ kind: "proxy" });
      faults = new Faults(world.folder);
      await ends("apply");
      await world.start();
    });
    after(async () => {
      faults.close();
      await world.end();
    });

    async function ends(...args: string[]): Promise<string> {
      const { code, stdout, stderr } = await world.fence(...args);
      assert.equal(code, 0, `fence ${args.join(" ")}\n${stdout}${stderr}`);
      return stdout;
    }

    for (const { args, from } of COMMANDS) {
      test(`fence ${args[0]}`, async () => {
        const run = [FENCE, "-c", world.specFile, ...args];
        await ends(...from);
        const whole = await faults.run(run, null);
        assert.equal(whole.code, 0, whole.stderr);
        const points = chosen(whole.calls, POINTS);
        for (const call of points) {
          await ends(...from);
          const what = `killed before ${call.number}: ${call.name} ${call.path}`;
          const killed = await faults.run(run, { at: call.number, act: { kind: "kill" } });
          assert.equal(killed.signal, "SIGKILL", what);
          const told = JSON.parse(await ends("status", "--json")) as {
            sites: { mode: string; servers: { mode: string; onDisk: { mode: string } }[] }[];
          };
          const [server] = told.sites[0]?.servers ?? [];
          assert.ok(server && STEADY.includes(server.mode), what);
          assert.equal(server.mode, server.onDisk.mode, what);
          await ends("up", "main");
          assert.equal((await world.get()).status, 200, what);
          await ends("verify", "main");
          assert.deepEqual(leftoversIn(world), [], what);
        }
        console.log(`# ${args[0]}: killed at ${points.length} of ${whole.calls.length} file calls`);
      });
    }
  },
);
