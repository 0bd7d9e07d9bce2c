import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { starterSpec } from "../../src/spec/starter.js";
import { readBypasses } from "../../src/switch/bypass.js";
import type { ColdWorld } from "./cold-world.js";

/** Nothing runs that could prove anything. */
const STAGE = ["--if-not-running", "stage", "--no-wait"];

/** A command that changes something on the disk, and from where to where. */
export interface Mutation {
  name: string;
  args: readonly string[];
  /** Commands that bring about where it starts. */
  before: readonly (readonly string[])[];
  /** What is done to the world after them. */
  edit?: (world: ColdWorld) => void;
  /** The modes that the site may be in on any server after any end; null: no variant yet. */
  modes: readonly ("up" | "down" | null)[];
  /** The mode when it has done its work. */
  done: "up" | "down" | null;
  /** What is asked for afterwards, in turn: a mode, or a command line that ends in `done`. */
  next: readonly ("up" | "down" | readonly string[])[];
  /** What else must hold after any end. @throws Error */
  check?: (world: ColdWorld, what: string) => void;
}

const ways = ["down", "up"] as const;

/** A key that changes what is rendered. */
function changeSpec({ specFile }: ColdWorld): void {
  appendFileSync(specFile, "[[site.main.route]]\npath = '/static/'\ndir = '/srv'\n");
}

/** Every command that writes and needs no server that runs. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: "apply, for the first time",
    args: ["apply"],
    before: [],
    modes: [null, "up"],
    done: "up",
    next: [["apply"]],
  },
  {
    name: "apply of a changed spec",
    args: ["apply"],
    before: [["apply"]],
    edit: changeSpec,
    modes: ["up"],
    done: "up",
    next: [["apply"]],
  },
  {
    name: "render",
    args: ["render"],
    before: [["apply"]],
    edit: changeSpec,
    modes: ["up"],
    done: "up",
    next: [["apply"]],
  },
  {
    name: "down",
    args: ["down", "main", "--reason", "work", ...STAGE],
    before: [["apply"]],
    modes: ["up", "down"],
    done: "down",
    next: ways,
  },
  {
    name: "up",
    args: ["up", "main", ...STAGE],
    before: [["apply"], ["down", "main", ...STAGE]],
    modes: ["up", "down"],
    done: "up",
    next: ways,
  },
  {
    name: "bypass new",
    args: ["bypass", "new", "pass"],
    before: [["apply"]],
    modes: ["up"],
    done: "up",
    next: ways,
    check: checkBypasses,
  },
  {
    name: "bypass revoke",
    args: ["bypass", "revoke", "--all", "pass"],
    before: [["apply"], ["bypass", "new", "pass"], ["bypass", "new", "pass"]],
    modes: ["up"],
    done: "up",
    next: ways,
    check: checkBypasses,
  },
  {
    name: "init",
    args: ["-C", "new", "init", "--kind", "nginx"],
    before: [],
    modes: [null],
    done: null,
    next: [["-C", "new", "init", "--kind", "nginx", "--force"]],
    check: checkStarter,
  },
  {
    name: "init --force",
    args: ["-C", "new", "init", "--kind", "nginx", "--force"],
    before: [["-C", "new", "init", "--kind", "lighttpd"]],
    modes: [null],
    done: null,
    next: [["-C", "new", "init", "--kind", "nginx", "--force"]],
    check: checkStarter,
  },
];

/** Each that is there is whole. */
function checkBypasses({ folder }: ColdWorld, what: string): void {
  for (const { by, endSec } of readBypasses(join(folder, "state"), "pass"))
    if (by !== "tester" || endSec === 0) throw new Error(`${what}: a torn bypass`);
}

/** Nobody finds half a spec. */
function checkStarter({ folder }: ColdWorld, what: string): void {
  const file = join(folder, "new/fence.toml");
  if (!existsSync(file)) return;
  const whole = (["lighttpd", "nginx"] as const).map((kind) => starterSpec(kind));
  if (!whole.includes(readFileSync(file, "utf8"))) throw new Error(`${what}: a torn spec`);
}
