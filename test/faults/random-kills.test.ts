import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { after, test } from "node:test";
import { switchModes } from "../../src/apply/switch-modes.js";
import type { Mode } from "../../src/base/mode.js";
import { readUnfinished } from "../../src/switch/journal.js";
import { readOnDisk } from "../../src/switch/on-disk.js";
import { bundled } from "../support/bundled.js";
import { checkNext, checkStatus } from "../support/crash-checks.js";
import { fakeMachine, planOf, requestOf } from "../support/fake-machine.js";
import { needs } from "../support/needs.js";
import { seededRandom } from "../support/spread.js";

/** 10,000 for a release. */
const KILLS = Number(process.env["FENCE_KILLS"] ?? 300);
/** Of the moments; what is found there also depends on what else the machine does. */
const SEED = Number(process.env["FENCE_KILLS_SEED"] ?? randomInt(2 ** 31));

/** Children that start while others are killed. */
const AHEAD = 2;
/** The moments go a little beyond the end of a switch, so that none of it is left out as it becomes slower. */
const BEYOND = 1.1;
/** Switches that are let end, by whose lengths the moments are spread. */
const MEASURED = 9;
const STEPS = 1000;
/** One in so many is left for the next switch to find, which is killed, too. */
const LEFT_EVERY = 3;
/** Of so many some hit the midst of a change. */
const ENOUGH = 50;

/** In memory: a process that is killed loses nothing that it has written, and a disk would be waited for most of the time. */
const MEMORY = "/dev/shm";
const home = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "fence-kills-"));
const folder = join(home, "world");
const plan = planOf(folder);
const random = seededRandom(SEED);
const children: Promise<ChildProcess>[] = [];
after(async () => {
  for (const child of await Promise.all(children)) child.kill("SIGKILL");
  rmSync(home, { recursive: true, force: true });
});
// It goes when they have gone.
const CHILD = await bundled("waiting-switch-child");

/** One that waits to be told what to do. */
async function waiting(): Promise<ChildProcess> {
  while (children.length <= AHEAD) children.push(started());
  const child = await children.shift();
  assert.ok(child);
  return child;
}

async function started(): Promise<ChildProcess> {
  const child = fork(CHILD, [folder], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const ended = once(child, "exit").then(([code, signal]) =>
    assert.fail(`a child ended before it was ready: ${code ?? signal}`),
  );
  await Promise.race([once(child, "message"), ended]);
  ended.catch(() => {});
  return child;
}

interface Ending {
  isKilled: boolean;
  tookMs: number;
}

/** @param afterMs when the switch is killed; null: it is not */
async function switchTo(mode: Mode, afterMs: number | null): Promise<Ending> {
  const child = await waiting();
  const exit = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const began = performance.now();
  child.send([mode, "main"]);
  if (afterMs !== null) await killAfter(child, began + afterMs);
  const [code, signal] = await exit;
  const isKilled = signal === "SIGKILL";
  assert.ok(isKilled || code === 0, `ended with ${code ?? signal}`);
  return { isKilled, tookMs: performance.now() - began };
}

async function killAfter(child: ChildProcess, atMs: number): Promise<void> {
  // A timer knows milliseconds; what is left of one is waited for here.
  await pause(Math.max(0, Math.floor(atMs - performance.now()) - 1));
  while (performance.now() < atMs);
  child.kill("SIGKILL");
}

/** The modes in force, each told by a variant that is whole: byte by byte the one that was staged. */
function modesInForce(what: string): Set<string> {
  const modes = plan.switchPoints.map((point) => {
    const { mode } = readOnDisk(point);
    assert.ok(mode === "up" || mode === "down", `${what}: torn: ${point.active} is ${mode}`);
    return mode;
  });
  return new Set(modes);
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

const other = (mode: Mode): "up" | "down" => (mode === "up" ? "down" : "up");

test(
  "a switch killed at any moment leaves old or new, is told truly, and is finished or undone by the next command",
  needs("linux"),
  async () => {
    console.log(`# FENCE_KILLS_SEED=${SEED}`);
    mkdirSync(folder);
    await switchModes(plan, requestOf("up"), fakeMachine());
    let mode: "up" | "down" = "up";
    const lengths: number[] = [];
    for (let count = 0; count < MEASURED; count += 1) {
      mode = other(mode);
      lengths.push((await switchTo(mode, null)).tookMs);
    }
    const found = { unbegun: 0, unfinished: 0, done: 0, late: 0, left: 0 };
    let kills = 0;
    while (kills < KILLS) {
      const step = Math.floor(random() * STEPS);
      const afterMs = (step / STEPS) * BEYOND * median(lengths);
      const to = other(mode);
      const { isKilled, tookMs } = await switchTo(to, afterMs);
      const what = `${to} killed after ${afterMs.toFixed(3)} ms, step ${step} of ${STEPS}, kill ${kills + 1}`;
      const modes = modesInForce(what);
      await checkStatus(plan, modes, what);
      if (isKilled) {
        kills += 1;
        if (readUnfinished(plan.spec.stateDir).kind === "journal") found.unfinished += 1;
        else if (modes.has(to)) found.done += 1;
        else found.unbegun += 1;
      } else {
        found.late += 1;
        assert.deepEqual([...modes], [to], what);
        // As fast as the machine is by now.
        lengths.shift();
        lengths.push(tookMs);
      }
      if (random() * LEFT_EVERY < 1) {
        found.left += 1;
        if (modes.has(to)) mode = to;
        continue;
      }
      mode = random() < 0.5 ? "up" : "down";
      await checkNext(plan, mode, `${what}; then ${mode}`);
    }
    const { unbegun, unfinished, done, late, left } = found;
    console.log(
      `# ${kills} kills: ${unbegun} before the journal, ${unfinished} with the change unfinished, ${done} when it was done; ` +
        `${late} came too late; ${left} were left for the next one to find; a switch took ${median(lengths).toFixed(0)} ms`,
    );
    assert.ok(kills < ENOUGH || (unbegun > 0 && unfinished > 0));
  },
);
