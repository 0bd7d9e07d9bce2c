import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkTree } from "../../src/apply/drift.js";
import { createMachine, type Machine } from "../../src/apply/machine.js";
import { readTree } from "../../src/apply/render-tree.js";
import { status, unfinished } from "../../src/apply/status.js";
import { switchModes } from "../../src/apply/switch-modes.js";
import { planOf } from "../../src/plan/plan.js";
import type { Plan } from "../../src/plan/types.js";
import { createRenderer } from "../../src/render/render.js";
import { adapterOf } from "../../src/servers/registry.js";
import { loadSpec } from "../../src/spec/load.js";
import { SERVER_KINDS, type ServerKind } from "../../src/spec/types.js";
import { readState } from "../../src/switch/state.js";
import { fence, type Ended } from "../cli/run-fence.js";
import { requestOf } from "../support/fake-machine.js";
import { freePort } from "../support/world.js";
import type { Mutation } from "./commands.js";

/** A spec with servers of several kinds, none of which runs: what a command does to the disk, and nothing else. */
export interface ColdWorld {
  /** The same path for all runs; what is in it is put back before each. */
  folder: string;
  specFile: string;
  /** The fence program in the folder, without any fault. */
  fence(...args: string[]): Promise<Ended>;
  /** Brings the folder to where a mutation starts. */
  prepare(mutation: Mutation): Promise<void>;
  close(): void;
}

export async function createColdWorld(): Promise<ColdWorld> {
  const home = mkdtempSync(join(tmpdir(), "fence-cold-"));
  const folder = join(home, "world");
  const start = join(home, "start");
  const specFile = join(folder, "fence.toml");
  const spec = await specText();
  let prepared: Mutation | null = null;
  const world: ColdWorld = {
    folder,
    specFile,
    fence: (...args) => fence(args, { cwd: folder }),
    async prepare(mutation) {
      if (prepared === mutation) return replace(start, folder);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(join(folder, "new"), { recursive: true });
      writeFileSync(specFile, spec);
      for (const args of mutation.before) {
        const { code, stderr } = await world.fence(...args);
        assert.equal(code, 0, stderr);
      }
      mutation.edit?.(world);
      replace(folder, start);
      prepared = mutation;
    },
    close: () => rmSync(home, { recursive: true, force: true }),
  };
  return world;
}

/** How many calls of each command are hit; "all": each, and on every kind of server. */
const WANTED = process.env["FENCE_FAULTS"];
const HITS_ALL = WANTED === "all";
/** One whose variant is a file, and one whose is a folder. */
const KINDS: readonly ServerKind[] = HITS_ALL ? SERVER_KINDS : ["lighttpd", "proxy"];

async function specText(): Promise<string> {
  // No other test listens there, so that it can be told that nothing does.
  const address = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
  const servers = KINDS.map(async (kind) => {
    const program = kind === "lighttpd" ? "lighttpd" : "nginx";
    const own = kind === "proxy" ? "" : `program = "/usr/sbin/${program}"\nuser = "www-data"\n`;
    return `[server.${kind}]\nkind = "${kind}"\nlisten = ["${address}:${await freePort()}"]\n${own}`;
  });
  return `state_dir = "state"
run_dir = "run"
output = "rendered"
${(await Promise.all(servers)).join("")}
[upstream.app]
backends = ["127.0.0.1:${await freePort()}"]
[site.main]
hosts = ["main.test"]
upstream = "app"
[site.main.maintenance]
languages = ["en"]
# A bypass is not for every kind.
[site.pass]
hosts = ["pass.test"]
servers = ["lighttpd", "proxy"]
upstream = "app"
[site.pass.maintenance]
languages = ["en"]
`;
}

function replace(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}

/** Nothing is torn, and status tells what is there. @returns the modes of `main` that are on the disk */
export async function checkWhole(
  world: ColdWorld,
  mutation: Mutation,
  what: string,
): Promise<Set<string | null>> {
  const { plan, machine } = await plannedIn(world);
  const { journal, holder, run } = unfinished(plan.spec.stateDir);
  assert.equal(holder ?? run, null, what);
  assert.ok(journal.kind === "none" || journal.kind === "journal", `${what}: ${journal.kind}`);
  const cells = (await status(plan, machine)).filter(({ site }) => site === "main");
  const modes = new Set(cells.map(({ onDisk }) => onDisk.mode));
  for (const mode of modes)
    assert.ok((mutation.modes as readonly (string | null)[]).includes(mode), `${what}: ${mode}`);
  if (journal.kind === "none") {
    // A variant that was never there is up, and made by the next fence apply.
    const told = new Set([...modes].map((mode) => mode ?? "up"));
    assert.deepEqual(
      [...told],
      [readState(plan.spec.stateDir, "main").mode],
      `${what}: nothing is left to finish`,
    );
  }
  checkTreeWhole(plan.spec.outputDir, machine, what);
  mutation.check?.(world, what);
  return modes;
}

/** The tree that servers read is whole, old or new: nothing of it is missing or edited. */
function checkTreeWhole(outputDir: string, machine: Machine, what: string): void {
  if (readTree(outputDir) === null) return;
  const torn = checkTree(outputDir, machine.renderTree()).filter(({ kind }) => kind !== "outdated");
  assert.deepEqual(torn, [], `${what}: the tree is torn`);
}

/** One further command gets where it wants to, and nothing of the broken run is left. */
export async function checkNext(
  world: ColdWorld,
  next: Mutation["next"][number],
  mutation: Mutation,
  what: string,
): Promise<void> {
  const said = `${what}; then ${String(next)}`;
  const isSwitch = next === "up" || next === "down";
  if (!isSwitch) {
    const { code, stdout, stderr } = await world.fence(...next);
    assert.equal(code, 0, `${said}\n${stdout}${stderr}`);
  }
  const { plan, machine } = await plannedIn(world);
  if (isSwitch) {
    const { exit } = await switchModes(plan, requestOf(next, ["main"], { wait: false }), machine);
    assert.equal(exit, "ok", said);
  }
  assert.equal(unfinished(plan.spec.stateDir).journal.kind, "none", said);
  for (const { site, server, onDisk } of await status(plan, machine))
    if (site === "main") assert.equal(onDisk.mode, isSwitch ? next : mutation.done, `${said}: ${server}`);
  assert.deepEqual(leftoversIn(world), [], said);
}

/** Temporary files below the folder. */
export function leftoversIn({ folder }: Pick<ColdWorld, "folder">): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.includes(".fence-"),
  );
}

/** What `fence status` and `fence up` begin with; here, and not in a process of its own, because there are many. */
async function plannedIn({ specFile }: ColdWorld): Promise<{ plan: Plan; machine: Machine }> {
  const plan = planOf(await loadSpec(specFile), adapterOf);
  return { plan, machine: createMachine(plan, createRenderer(adapterOf), adapterOf) };
}

/**
 * The calls that are hit: as many as FENCE_FAULTS says, or as are given here.
 * @param random from 0 to below 1; 0 each time: the same calls in each run
 */
export function chosen<T extends { name: string; path: string }>(
  calls: readonly T[],
  usual: number,
  random: () => number = () => 0,
): T[] {
  if (HITS_ALL) return [...calls];
  // A page in another file is written by the same lines.
  const kinds = new Map<string, T[]>();
  for (const call of calls) {
    const kind = `${call.name} ${call.path.replace(/[0-9a-f]{12,}|\d+/g, "N")}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), call]);
  }
  const alike = [...kinds.values()];
  const count = Math.min(Number(WANTED ?? usual), alike.length);
  return Array.from({ length: count }, (_, n) => {
    const ones = alike[Math.floor(((n + random()) * alike.length) / count)] ?? [];
    return ones[Math.floor(random() * ones.length)] as T;
  });
}
