import assert from "node:assert/strict";
import { status, unfinished } from "../../src/apply/status.js";
import { switchModes } from "../../src/apply/switch-modes.js";
import type { StatusCell, SwitchRequest } from "../../src/apply/types.js";
import { isAlive, processInfo } from "../../src/base/process-info.js";
import type { Mode } from "../../src/base/mode.js";
import { isVerified } from "../../src/cli/status-view.js";
import { startHeldWorld, type HeldWorld, type HoldingKind } from "../support/held-world.js";
import { sendOne, type Outcome } from "../support/hold-clients.js";
import { gatePid, until } from "../support/world.js";
import { leftoversIn } from "./cold-world.js";
import { DOWN, HOLD, UP, type LiveCommand } from "./live-commands.js";
import { LiveSpec, SITE_LINES } from "./live-spec.js";

/** A real server in front of a backend. */
export interface LiveWorld {
  held: HeldWorld;
  spec: LiveSpec;
}

export async function startLiveWorld(kind: HoldingKind): Promise<LiveWorld> {
  const held = await startHeldWorld(kind, { siteLines: SITE_LINES });
  const world = { held, spec: await LiveSpec.of(held) };
  // From now on there is what later ones find: a folder of bypasses, variants of the gate, and old generations to remove.
  await held.done("bypass", "new", "main");
  for (const request of [DOWN, UP, HOLD, UP, HOLD, UP]) await bring(world, request, "at first");
  return world;
}

/** Brings the site about as asked for, proven. */
export async function bring({ spec }: LiveWorld, request: SwitchRequest, what: string): Promise<void> {
  const result = await switchModes(spec.plan, request, spec.machine);
  assert.equal(result.exit, "ok", `${what}: ${JSON.stringify(result)}`);
}

/** Brings the site, which is up, to where the command starts: its file calls are the same each time. */
export async function prepare(world: LiveWorld, { from, news }: LiveCommand): Promise<void> {
  if (from === null) await withoutGate(world);
  else await bring(world, from, "before");
  if (news !== undefined) await world.spec.renew(news);
}

async function withoutGate(world: LiveWorld): Promise<void> {
  const { folder } = world.held;
  const pid = gatePid(folder);
  const start = processInfo(pid)?.start ?? "";
  if (!isAlive(pid, start)) return;
  // It would wait for a while whether somebody needs it again, and the next hold would not start one.
  process.kill(pid, "SIGUSR2");
  await until("the gate to end", () => !isAlive(pid, start));
}

/** What the site's clients get. */
export interface Seen {
  mode: Mode;
  /** Of one client; held, it gets it once the site is up. */
  answer: Promise<Outcome>;
}

/** Server and gate show what is on the disk, and a client gets it. */
export async function checkKilled(world: LiveWorld, { modes }: LiveCommand, what: string): Promise<Seen> {
  let cells: StatusCell[] = [];
  // A server may take its time to see what has come to the disk.
  await until(`${what}: the server to show what is on the disk`, async () => {
    cells = await status(world.spec.plan, world.spec.machine);
    const [, gate] = cells;
    return cells.every(({ observed, onDisk }) => {
      const isThrough = onDisk.mode === "hold" && observed.mode === gate?.observed.mode;
      return observed.mode === onDisk.mode || isThrough;
    });
  });
  const mode = modeOf(cells);
  assert.ok(modes.includes(mode), `${what}: ${mode}`);
  const isLeft = unfinished(world.spec.plan.spec.stateDir).journal.kind !== "none";
  const told = cells.flatMap((cell) => [cell.mode, cell.observed.mode]);
  assert.ok(isLeft || told.every((one) => one === mode), `${what}: nothing is left to finish`);
  const answer = sendOne(world.held.port, "killed", "get");
  if (mode === "hold") await world.held.waiting(1);
  else checkAnswer(mode, await answer, what);
  return { mode, answer };
}

/** What clients get, as status tells it of their server. */
function modeOf([server]: readonly StatusCell[]): Mode {
  assert.ok(server && server.observed.mode !== "unknown");
  return server.observed.mode;
}

function checkAnswer(mode: "up" | "down", outcome: Outcome, what: string): void {
  const said = `${what}: ${mode}, ${JSON.stringify(outcome)}`;
  if (mode === "up") assert.ok(outcome.status === 200 && outcome.isRight, said);
  else assert.ok(outcome.status === 503 && outcome.headers["x-maintenance-mode"] === "1", said);
}

/**
 * What was new in the spec gets in force by the same command once more. The next one brings the site up, for whoever
 * waits, too, and nothing of the broken one is left.
 */
export async function checkNext(
  world: LiveWorld,
  { args, news }: LiveCommand,
  { mode, answer }: Seen,
  what: string,
): Promise<void> {
  const { held, spec } = world;
  const { plan, machine } = spec;
  if (news !== undefined) {
    await held.done(...args);
    await spec.checkApplied(mode === "down", what);
  }
  await bring(world, UP, what);
  await spec.checkReloaded(what);
  if (mode === "hold") checkAnswer("up", await answer, what);
  checkAnswer("up", await sendOne(held.port, "next", "get"), what);
  for (const cell of await status(plan, machine)) {
    assert.equal(cell.mode, "up", what);
    assert.ok(isVerified(cell), `${what}: ${JSON.stringify(cell)}`);
  }
  const { journal, holder, run } = unfinished(plan.spec.stateDir);
  assert.deepEqual(
    { journal: journal.kind, holder, run },
    { journal: "none", holder: null, run: null },
    what,
  );
  assert.deepEqual(leftoversIn(held), [], what);
}
