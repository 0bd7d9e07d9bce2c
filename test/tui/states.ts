import type { StepEvent } from "../../src/apply/types.js";
import { reduce, type Effect, type Event } from "../../src/tui/reduce.js";
import { initialState, type State } from "../../src/tui/state.js";
import type { Key, Look, ServerLook, SiteLook } from "../../src/tui/types.js";

const AT_MS = Date.UTC(2026, 10, 25, 14, 22);

export function server(change: Partial<ServerLook> = {}): ServerLook {
  return {
    name: "web",
    kind: "proxy",
    running: "yes",
    mode: "up",
    generation: 7,
    isVerified: true,
    inflight: { value: 3, isAtLeast: false },
    held: { count: 0, oldestMs: null },
    workers: [{ pid: 4711, isSettled: true, detail: "generation 7" }],
    problems: [],
    ...change,
  };
}

export function site(name: string, change: Partial<SiteLook> = {}): SiteLook {
  return {
    name,
    mode: "up",
    sinceMs: AT_MS - 8_040_000,
    untilMs: null,
    isPast: false,
    by: "ada",
    reason: "",
    message: "",
    generation: 7,
    inflight: { value: 3, isAtLeast: false },
    held: { count: 0, oldestMs: null },
    requests: 0,
    servers: [server()],
    ...change,
  };
}

/** Three sites as different as sites are. */
export function look(change: Partial<Look> = {}): Look {
  const edge = server({
    name: "edge",
    kind: "lighttpd",
    mode: "unknown",
    generation: null,
    isVerified: false,
    inflight: null,
    held: null,
    workers: [
      { pid: 812, isSettled: true, detail: null },
      { pid: 813, isSettled: false, detail: "generation 6" },
    ],
    problems: ["worker 813 still acts on an older variant: generation 6"],
  });
  const down = {
    mode: "down" as const,
    untilMs: AT_MS + 1_030_000,
    reason: "database upgrade",
    message: "Back soon.",
    inflight: { value: 0, isAtLeast: true },
    requests: null,
    servers: [server({ mode: "down" }), edge],
  };
  return {
    specText: "fence.toml (1a2b3c4d)",
    atMs: AT_MS,
    unfinished: null,
    sites: [
      site("main", down),
      site("shop", { mode: "hold", held: { count: 37, oldestMs: 2_300 }, untilMs: AT_MS + 60_000 }),
      site("wiki", { inflight: null, held: null, requests: null }),
    ],
    history: [
      {
        at: "2026-11-25T12:08:00.000Z",
        site: "main",
        from: "up",
        to: "down",
        result: "done",
        tookMs: 710,
        by: "ada",
        why: "database upgrade",
      },
      {
        at: "2026-11-24T09:30:00.000Z",
        site: "shop",
        from: "up",
        to: "hold",
        result: "not-drained",
        tookMs: 30_100,
        by: "grace",
        why: "",
      },
    ],
    ...change,
  };
}

export const FACE = { specFile: "/etc/fence/fence.toml", isReadOnly: false, unicode: true };

/** A program under test: its state, and all that it has asked for. */
export class Played {
  effects: Effect[] = [];
  state: State;

  constructor(face: Partial<typeof FACE> = {}, columns = 80, rows = 24, first: Look | null = look()) {
    this.state = initialState({ ...FACE, ...face }, columns, rows);
    if (first !== null) this.tell({ kind: "looked", look: first });
  }

  tell(event: Event): this {
    const { state, effects } = reduce(this.state, event);
    this.state = state;
    this.effects.push(...effects);
    return this;
  }

  /** Characters, and names of keys in angle brackets: `dd<tab><enter>`. */
  press(keys: string): this {
    for (const [, name, text] of keys.matchAll(/<([a-z-]+)>|(.)/gsu))
      this.tell({ kind: "key", key: (name === undefined ? { text } : { name }) as Key });
    return this;
  }

  step(step: StepEvent["step"], phase: StepEvent["phase"], text: string, on: Partial<StepEvent> = {}): this {
    const elapsedMs = 100 * (this.state.change?.steps.length ?? 0);
    return this.tell({
      kind: "stepped",
      step: { step, phase, text, site: null, server: null, elapsedMs, ...on },
    });
  }
}
