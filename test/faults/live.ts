import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { isGated } from "../../src/servers/gate-doors.js";
import { Faults, type FileCall } from "../support/faults.js";
import type { HoldingKind } from "../support/held-world.js";
import { needs } from "../support/needs.js";
import { seededRandom } from "../support/spread.js";
import { FENCE } from "../support/world.js";
import { chosen } from "./cold-world.js";
import { LIVE_COMMANDS, UP } from "./live-commands.js";
import { bring, checkKilled, checkNext, prepare, startLiveWorld, type LiveWorld } from "./live-world.js";

/** Of each command, unless FENCE_FAULTS says another number. */
const POINTS = 2;
/** Of one that reads a new spec, which takes long. */
const POINTS_WITH_NEWS = 1;
/** Others on each push, so that in time all have had their turn. */
const SEED = Number(process.env["FENCE_FAULTS_SEED"] ?? randomInt(2 ** 31));

/** `fence` is killed at its file calls while a server of this kind serves. */
export function describeLive(kind: HoldingKind): void {
  describe(
    `killed at any file call while ${kind.name} serves, fence leaves clients one mode, and the next command gets on`,
    needs("gcc", "linux", ...kind.need),
    () => {
      const random = seededRandom(SEED);
      let world: LiveWorld;
      let faults: Faults;
      before(async () => {
        console.log(`# FENCE_FAULTS_SEED=${SEED}`);
        world = await startLiveWorld(kind);
        faults = new Faults(world.held.folder);
      });
      after(async () => {
        faults.close();
        await world.held.end();
      });

      for (const command of LIVE_COMMANDS) {
        test(`fence ${command.name}`, async () => {
          const run = [FENCE, "-c", world.held.specFile, ...command.args];
          await prepare(world, command);
          const whole = await faults.run(run, null);
          assert.equal(whole.code, 0, whole.stderr);
          await bring(world, UP, "not killed");
          // More than are hit: some of them may come too late.
          const points = shuffled(chosen(whole.calls, 3 * POINTS, random), random);
          const usual = command.news === undefined ? POINTS : POINTS_WITH_NEWS;
          const wanted = process.env["FENCE_FAULTS"] === undefined ? usual : points.length;
          let hits = 0;
          for (const call of points) {
            if (hits === wanted) break;
            const what = `killed before ${call.number}: ${call.name} ${call.path}`;
            await prepare(world, command);
            const killed = await faults.run(run, { at: call.number, act: { kind: "kill" } });
            // The last calls remove old generations: how many there are follows from where the one before was killed.
            assert.equal(
              killed.signal ?? killed.code,
              killed.isHit ? "SIGKILL" : 0,
              `${what}: ${killed.stderr}`,
            );
            if (killed.isHit) hits += 1;
            const seen = await checkKilled(world, command, what);
            await checkNext(world, command, seen, what);
          }
          console.log(`# ${command.name}: killed at ${hits} of ${whole.calls.length} file calls`);
          assert.ok(hits >= wanted / 2, `${hits} of ${wanted}`);
        });
      }

      test("of a release that the server has not come to, status tells what clients get", async () => {
        const release = LIVE_COMMANDS.find(({ name }) => name === "release");
        assert.ok(release);
        const run = [FENCE, "-c", world.held.specFile, ...release.args];
        await prepare(world, release);
        const { calls } = await faults.run(run, null);
        const isServers = ({ name, path }: FileCall): boolean =>
          name === "rename" && /\/servers\/web\/main(\.lua)?$/.test(path);
        const at = calls.find(isServers)?.number ?? 0;
        assert.ok(at > 0, calls.map(({ path }) => path).join("\n"));
        await prepare(world, release);
        assert.equal((await faults.run(run, { at, act: { kind: "kill" } })).signal, "SIGKILL");
        const seen = await checkKilled(world, release, "between gate and server");
        // Where there is a gate it has let them go already.
        assert.equal(seen.mode, isGated(kind) ? "up" : "hold");
        await checkNext(world, release, seen, "between gate and server");
      });
    },
  );
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((one) => ({ one, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ one }) => one);
}
