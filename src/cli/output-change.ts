import { z } from "zod";
import { EXIT, type ExitName } from "../base/exit.js";
import { MODES } from "../base/mode.js";

/* What the commands that switch print with --json; see output-schema.ts. */

const count = z.int().nonnegative();
const time = z.iso.datetime();
const mode = z.enum(MODES);
const exit = z.enum(Object.keys(EXIT) as [ExitName, ...ExitName[]]);
const sentences = z.array(z.string());
const open = z.looseObject;

const changedSite = open({
  name: z.string(),
  from: z.enum([...MODES, "unknown"]),
  to: mode,
  result: z.enum([
    "done",
    "already",
    "staged",
    "unproven",
    "rolled-back",
    "failed",
    "dry-run",
    "not-drained",
  ]),
  generation: count,
  since: z.string(),
  until: time.optional(),
  problems: sentences,
  servers: z.array(
    open({
      name: z.string(),
      result: z.enum(["done", "staged", "unproven", "undone", "failed"]),
      proof: open({
        proven: z.boolean(),
        tookMs: count,
        inflight: count.nullable(),
        inflightAtLeast: z.boolean(),
        problems: sentences,
      }).nullable(),
    }),
  ),
});

const change = open({
  schema: z.literal("fence/change@1"),
  exit: count,
  result: exit,
  tookMs: count,
  sites: z.array(changedSite),
});

export const CHANGE_OUTPUTS = {
  change,
  notification: open({
    ...change.shape,
    schema: z.literal("fence/notification@1"),
    at: time,
    host: z.string(),
    spec: z.string(),
    by: z.string(),
    reason: z.string().nullable(),
    command: z.string(),
  }),
  expire: open({
    schema: z.literal("fence/expire@1"),
    exit: count,
    result: exit,
    overdue: z.array(
      open({ name: z.string(), until: time, then: z.enum(["alert", "up"]), problems: sentences }),
    ),
    change: change.nullable(),
  }),
  run: open({
    schema: z.literal("fence/run@1"),
    exit: count,
    result: z.union([exit, z.literal("command-failed")]),
    problems: sentences,
    sites: z.array(changedSite),
  }),
};
