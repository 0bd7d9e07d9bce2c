import type { SwitchRequest } from "../../src/apply/types.js";
import type { Mode } from "../../src/base/mode.js";
import { requestOf } from "../support/fake-machine.js";

/** A command that a running server must follow. */
export interface LiveCommand {
  name: string;
  args: readonly string[];
  /** What brings about where it starts; null: the site is up. */
  from: SwitchRequest | null;
  /** What is new in the spec. title: of the page of the site; route: a route as well, which a server has to reload for. */
  news?: "title" | "route";
  /** What the site's clients may get whenever it is killed. */
  modes: readonly Mode[];
}

export const UP = requestOf("up");
export const DOWN = requestOf("down");
const OVER = requestOf("down", ["main"], { untilMs: Date.now() });
export const HOLD = requestOf("hold", ["main"], {
  hold: { maxWaitMs: null, maxHeld: null, forMs: 600_000, drainTimeoutMs: null },
});

/** Of a site that comes up by itself when its end has passed. */
export const LIVE_COMMANDS: readonly LiveCommand[] = [
  { name: "down", args: ["down", "main"], from: null, modes: ["up", "down"] },
  { name: "up", args: ["up", "main"], from: DOWN, modes: ["up", "down"] },
  { name: "expire", args: ["expire"], from: OVER, modes: ["up", "down"] },
  { name: "bypass new", args: ["bypass", "new", "main"], from: DOWN, modes: ["down"] },
  { name: "hold", args: ["hold", "main", "--for", "10m"], from: null, modes: ["up", "hold"] },
  { name: "release", args: ["release", "main"], from: HOLD, modes: ["up", "hold"] },
  {
    name: "run",
    args: ["run", "main", "--for", "10m", "--", process.execPath, "-e", "0"],
    from: null,
    modes: ["up", "hold"],
  },
  { name: "apply", args: ["apply"], from: DOWN, news: "title", modes: ["down"] },
  { name: "apply --reload", args: ["apply", "--reload"], from: null, news: "route", modes: ["up"] },
  {
    name: "apply --reload of a held site",
    args: ["apply", "--reload"],
    from: HOLD,
    news: "route",
    modes: ["hold"],
  },
];
