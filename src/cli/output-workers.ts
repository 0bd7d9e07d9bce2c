import { z } from "zod";

/* What the actions of fence workers print with --json; see output-schema.ts. */

const count = z.int().nonnegative();
const open = z.looseObject;

const trouble = open({
  sinceMs: z.number(),
  why: z.string(),
  lastWords: z.array(z.string()),
  deaths: count,
  breakerOpen: z.boolean(),
});

const process = open({
  pid: count,
  generation: count,
  slot: count,
  state: z.enum(["starts", "runs", "retires", "orphan"]),
  ageSec: count,
  memoryBytes: count.nullable(),
  connections: count.nullable(),
  requests: count.nullable(),
  restarts: count,
});

const STATES = ["starts", "runs", "short", "failing", "stopped"] as const;

const set = open({
  worker: z.string(),
  state: z.enum(STATES),
  doing: z.string().nullable(),
  generation: count,
  count,
  socket: z.string(),
  waiting: count.nullable(),
  processes: z.array(process),
  trouble: trouble.nullable(),
  pidFileLie: z.string().nullable(),
  log: z.string(),
});

const supervisor = open({
  pid: count,
  sinceMs: z.number(),
  version: z.string(),
  ready: z.boolean(),
  managed: z.boolean(),
});

const outcome = open({
  worker: z.string(),
  result: z.enum(["done", "already", "failed"]),
  sentence: z.string(),
  code: z.string().nullable(),
  hint: z.string().nullable(),
  cut: count,
  generation: count,
  tookMs: count,
});

const adrift = open({
  worker: z.string(),
  pid: count,
  state: z.enum(["serves", "gone", "other"]),
  program: z.string().nullable(),
});

/** In fence status, of a site that forwards to a worker. */
export const SITE_WORKER = open({
  name: z.string(),
  state: z.enum([...STATES, "unknown"]),
  running: count.nullable(),
  count,
  problem: z.string().nullable(),
}).nullable();

export const WORKER_OUTPUTS = {
  "workers-status": open({
    schema: z.literal("fence/workers-status@1"),
    supervisor: supervisor.nullable(),
    keeper: open({ pid: count }).nullable(),
    sets: z.array(set),
    adrift: z.array(adrift).optional(),
  }),
  "workers-change": open({
    schema: z.literal("fence/workers-change@1"),
    command: z.enum(["start", "stop", "restart", "graceful", "upgrade", "reopen"]),
    workers: z.array(outcome).optional(),
    supervisor: supervisor.optional(),
    sets: z.array(set).optional(),
  }),
  "workers-import": open({ schema: z.literal("fence/workers-import@1"), toml: z.string() }),
} as const;
