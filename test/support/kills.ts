import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { childrenOf } from "../../src/base/process-info.js";
import { sendMany, sendOne, type Outcome } from "./hold-clients.js";
import type { HeldWorld } from "./held-world.js";
import { stoppingFence } from "./stopping-fence.js";
import { gatePid, until } from "./world.js";

export const VICTIMS = ["fence", "gate", "worker", "backend"] as const;
type Victim = (typeof VICTIMS)[number];

interface KillStep {
  name: string;
  /** Where fence stops; see stop-preload.ts. */
  places: string;
  /** As `fence status` names the step of a run. */
  told: string;
  /** When clients come: once the site is held, or, where it may still be up, behind the kill. */
  clients: "before" | "behind";
}

/** The steps of `fence run` at which something is killed. */
export const KILL_STEPS: readonly KillStep[] = [
  { name: "lock", places: "lock ok", told: "switch", clients: "behind" },
  { name: "stage", places: "stage start", told: "switch", clients: "behind" },
  { name: "switch", places: "commit ok", told: "switch", clients: "behind" },
  { name: "settle", places: "settle start", told: "switch", clients: "before" },
  { name: "drain", places: "drain start", told: "switch", clients: "before" },
  { name: "command", places: "command start", told: "command", clients: "before" },
  { name: "check", places: "health start", told: "check", clients: "before" },
  { name: "release", places: "health start,commit ok", told: "release", clients: "before" },
];

const CLIENTS = 6;

/**
 * `fence run`, with one process killed by SIGKILL while fence stands still at one step: whatever it is, the site ends in
 * the mode that is told, status tells the truth, clients are answered, and nothing is executed twice.
 */
export async function killAt(world: HeldWorld, step: KillStep, victim: Victim): Promise<void> {
  const name = `${step.name}-${victim}`;
  const from = await world.executedNow();
  const [began, end] = [join(world.folder, `${name}.began`), join(world.folder, `${name}.end`)];
  const script = `echo > ${began}; while [ ! -e ${end} ]; do sleep 0.05; done`;
  const limits = ["--for", "2m", "--max-wait", "100s", "--check-timeout", "1m"];
  const fence = stoppingFence(world, step.places, "run", ...limits, "--", "sh", "-c", script);
  const clients: Promise<Outcome>[] = [];
  const come = (): void => void clients.push(...sendMany(world.port, name, CLIENTS));
  const isBehindCommand = ["check", "release"].includes(step.told);
  if (isBehindCommand) {
    await until("the command to run", () => existsSync(began));
    come();
    await world.waiting(CLIENTS);
  }
  writeFileSync(end, "");
  await fence.stopped();
  if (!isBehindCommand && step.clients === "before") come();
  await kill(world, victim, fence.child.pid ?? 0);
  if (step.clients === "behind") come();
  fence.goOn();
  const { code, stdout, stderr } = await fence.result;
  if (victim === "fence") await afterFence(world, step);
  else assert.equal(code, 0, `${name}: ${stdout}${stderr}`);

  const outcomes = await Promise.all(clients);
  for (const one of outcomes) assert.ok(isFair(one, victim, world.kind), `${name}: ${JSON.stringify(one)}`);
  const last = await sendOne(world.port, `${name}-last`, "post");
  assert.ok(last.isRight, `${name}: ${JSON.stringify(last)}`);
  const { mode, verified } = await world.site();
  assert.deepEqual({ mode, verified }, { mode: "up", verified: true }, name);
  await world.executedNow();
  const ids = world.seen(from);
  assert.equal(new Set(ids).size, ids.length, `${name}: nothing is executed twice`);
  for (const { id, status } of outcomes) if (status === 200) assert.ok(ids.includes(id), `${name}: ${id}`);
}

async function kill(world: HeldWorld, victim: Victim, fence: number): Promise<void> {
  switch (victim) {
    case "fence":
      return void process.kill(fence, "SIGKILL");
    case "gate": {
      const [serving] = childrenOf(gatePid(world.folder));
      if (serving !== undefined) process.kill(serving, "SIGKILL");
      return;
    }
    case "worker": {
      const [worker] = childrenOf(world.masterPid());
      assert.ok(worker);
      return void process.kill(worker, "SIGKILL");
    }
    case "backend":
      await world.backend.kill();
      await world.backend.start();
  }
}

/** What is left by a fence that was killed is told as it is, and the next one brings the site up. */
async function afterFence(world: HeldWorld, { told, name }: KillStep): Promise<void> {
  const { stdout } = await world.fence("status", "--json");
  const { unfinished, sites } = JSON.parse(stdout) as {
    unfinished: string | null;
    sites: { mode: string }[];
  };
  assert.match(unfinished ?? "", new RegExp(`cut short at its step ${told}`), name);
  if (!/change of main/.test(unfinished ?? "")) {
    const probe = await world.get("/.well-known/fence/probe");
    assert.equal((JSON.parse(probe.body) as { fence: string }).fence, sites[0]?.mode, name);
  }
  const next = await world.fence("up");
  assert.equal(next.code, 0, `${name}: ${next.stdout}${next.stderr}`);
  assert.match(next.stderr, new RegExp(`was cut short at its step ${told}`), name);
}

function isFair(
  { status, isRight, headers, error }: Outcome,
  victim: Victim,
  kind: HeldWorld["kind"],
): boolean {
  const isTold = status === 503 && headers["x-maintenance-mode"] === "1";
  if (isRight) return true;
  switch (victim) {
    case "fence":
      return false;
    case "gate":
      return isTold;
    case "worker":
      return isTold || error !== "";
    case "backend":
      // lighttpd's word for a backend that has taken a request and is gone.
      return isTold || status === 502 || status === 503 || (kind === "lighttpd" && status === 500);
  }
}
