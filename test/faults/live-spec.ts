import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkTree } from "../../src/apply/drift.js";
import { createMachine, type Machine } from "../../src/apply/machine.js";
import { planOf } from "../../src/plan/plan.js";
import type { Plan } from "../../src/plan/types.js";
import { createRenderer } from "../../src/render/render.js";
import { adapterOf } from "../../src/servers/registry.js";
import { loadSpec } from "../../src/spec/load.js";
import type { HeldWorld } from "../support/held-world.js";

/** The lines of the site in the spec at first: what is added to them belongs to the last table. */
export const SITE_LINES = '[site.main.maintenance]\non_expiry = "up"\n';

/** A spec that has something new in it again and again, and what `fence status` and `fence verify` look with. */
export class LiveSpec {
  readonly #first: string;
  #title = 0;
  #route = 0;

  private constructor(
    private readonly held: HeldWorld,
    public plan: Plan,
    public machine: Machine,
  ) {
    this.#first = readFileSync(held.specFile, "utf8");
  }

  static async of(held: HeldWorld): Promise<LiveSpec> {
    const { plan, machine } = await readIn(held);
    return new LiveSpec(held, plan, machine);
  }

  async renew(news: "title" | "route"): Promise<void> {
    this.#title += 1;
    if (news === "route") {
      this.#route += 1;
      const folder = this.#folder();
      mkdirSync(folder);
      writeFileSync(join(folder, "file.txt"), `${folder}\n`);
    }
    const route =
      this.#route === 0 ? "" : `[[site.main.route]]\npath = "/static/"\ndir = "${this.#folder()}"\n`;
    writeFileSync(this.held.specFile, `${this.#first}title = "Title ${this.#title}."\n${route}`);
    Object.assign(this, await readIn(this.held));
  }

  #folder(): string {
    return join(this.held.folder, `static-${this.#route}`);
  }

  /** The tree is that of the spec, and so is the page that clients of a site that is down get. */
  async checkApplied(isDown: boolean, what: string): Promise<void> {
    assert.deepEqual(checkTree(this.plan.spec.outputDir, this.machine.renderTree()), [], what);
    if (isDown) assert.match((await this.held.get()).body, new RegExp(`Title ${this.#title}\\.`), what);
  }

  /** The server has reloaded. */
  async checkReloaded(what: string): Promise<void> {
    if (this.#route > 0)
      assert.equal((await this.held.get("/static/file.txt")).body, `${this.#folder()}\n`, what);
  }
}

/** Here, and not in a process of its own, because there are many looks. */
async function readIn({ specFile }: HeldWorld): Promise<{ plan: Plan; machine: Machine }> {
  const plan = planOf(await loadSpec(specFile), adapterOf);
  return { plan, machine: createMachine(plan, createRenderer(adapterOf), adapterOf) };
}
