import { z } from "zod";
import { EXIT, type ExitName } from "../base/exit.js";
import { MODES } from "../base/mode.js";
import { STEPS } from "../apply/types.js";
import { SERVER_KINDS } from "../spec/types.js";
import { CHANGE_OUTPUTS } from "./output-change.js";
import { SITE_WORKER, WORKER_OUTPUTS } from "./output-workers.js";

/* What fence prints with --json, each kind of object by its name. Within a version keys are only ever added, so objects
 * are open: a reader passes over what it does not know. So are codes of errors, which docs/errors.md lists. */

const count = z.int().nonnegative();
const time = z.iso.datetime();
const mode = z.enum(MODES);
const modeOrUnknown = z.enum([...MODES, "unknown"]);
const exit = z.enum(Object.keys(EXIT) as [ExitName, ...ExitName[]]);
const sentences = z.array(z.string());
const open = z.looseObject;

function versioned<Shape extends z.core.$ZodLooseShape>(name: string, shape: Shape) {
  return open({ schema: z.literal(`fence/${name}@1`), ...shape });
}

const bypass = open({ id: z.string(), site: z.string(), by: z.string(), createdAt: time, until: time });
const textOrNull = z.string().nullable();
const page = { site: z.string(), languages: sentences, language: textOrNull, file: textOrNull };

/** Of the spec: what it says, its line (0: it stands in none), and why it counts or does not. */
const rule = open({ rule: z.string(), line: count, why: z.string() });

const diagnostic = open({
  file: z.string(),
  line: count,
  column: count,
  endColumn: count,
  source: z.string(),
  message: z.string(),
  why: z.string().nullable(),
  fix: z.string().nullable(),
});

const running = z.enum(["yes", "no", "unknown"]);
const onDisk = open({ mode: modeOrUnknown.nullable(), generation: count.nullable() });
const config = open({ path: z.string(), sha256: z.string() });

const statusSite = open({
  name: z.string(),
  mode,
  asked: mode,
  since: z.string().nullable(),
  by: z.string().nullable(),
  reason: textOrNull,
  /** By the history, and by whom, when nobody has given a reason. */
  why: textOrNull,
  message: textOrNull,
  until: time.nullable(),
  hold: open({
    held: count,
    inflight: count,
    inflightAtLeast: z.boolean(),
    oldestHeldMs: z.number().nullable(),
  }).nullable(),
  expired: z.boolean(),
  generation: count,
  proof: z.enum(["proven", "unproven", "staged"]),
  verified: z.boolean(),
  servers: z.array(
    open({
      name: z.string(),
      kind: z.enum(SERVER_KINDS).nullable(),
      running,
      mode: modeOrUnknown,
      generation: count.nullable(),
      onDisk,
      verified: z.boolean(),
      inflight: count.nullable(),
      inflightAtLeast: z.boolean(),
      held: count.nullable(),
      oldestHeldMs: z.number().nullable(),
      differences: sentences,
    }),
  ),
  worker: SITE_WORKER,
});

const drift = z.array(
  open({ path: z.string(), kind: z.enum(["missing", "extra", "edited", "mode", "outdated"]) }),
);

const historyEntry = open({
  version: z.literal(1),
  id: z.string(),
  at: z.string(),
  by: z.string(),
  command: z.string(),
  why: z.string(),
  sites: z.array(
    open({
      site: z.string(),
      from: z.string(),
      to: z.string(),
      generation: count,
      result: z.string(),
    }),
  ),
  steps: z.record(z.string(), z.number()),
  tookMs: z.number(),
  exit,
  finishedBy: z.string().nullable(),
});

/** Each kind of object, by the name in its `schema`; `event` is a line of a long operation and has none. */
export const OUTPUTS = {
  error: versioned("error", {
    code: z.string(),
    exit: count,
    message: z.string(),
    hint: z.string().nullable(),
    diagnostics: z.array(diagnostic).optional(),
  }),
  event: open({
    t: time,
    ev: z.enum(STEPS),
    phase: z.enum(["start", "progress", "ok", "failed", "skipped"]),
    site: z.string().nullable(),
    server: z.string().nullable(),
    text: z.string(),
    elapsedMs: count,
  }),
  ...CHANGE_OUTPUTS,
  apply: versioned("apply", {
    exit: count,
    result: exit,
    output: z.string(),
    written: z.boolean(),
    servers: z.array(
      open({
        name: z.string(),
        reload: z.enum(["not-needed", "needed", "restart", "done", "not-running", "unknown"]),
        command: z.string().nullable(),
        risk: z.string().nullable(),
        lacksGates: z.boolean(),
      }),
    ),
    sites: z.array(
      open({
        name: z.string(),
        action: z.string(),
        mode: modeOrUnknown,
        generation: count,
        problems: sentences,
      }),
    ),
    removedWhileDown: sentences,
    removedConfigs: sentences,
  }),
  status: versioned("status", {
    at: time,
    config,
    unfinished: z.string().nullable(),
    sites: z.array(statusSite),
  }),
  is: versioned("is", {
    site: z.string(),
    wanted: mode,
    answer: z.enum(["yes", "no", "unknown"]),
    servers: z.array(open({ name: z.string(), running, mode: modeOrUnknown })),
  }),
  verify: versioned("verify", {
    at: time,
    verified: z.boolean(),
    results: z.array(
      open({
        site: z.string(),
        server: z.string(),
        mode,
        expired: z.boolean(),
        verified: z.boolean(),
        onDisk,
        observed: open({
          running,
          mode: modeOrUnknown,
          generation: count.nullable(),
          inflight: count.nullable(),
          problems: sentences,
        }),
        differences: sentences,
      }),
    ),
  }),
  history: versioned("history", { entries: z.array(historyEntry) }),
  explain: versioned("explain", {
    config,
    request: open({
      method: z.string(),
      host: z.string(),
      target: z.string(),
      path: z.string(),
      ip: z.string(),
    }),
    servers: z.array(
      open({
        server: z.string(),
        kind: z.enum(SERVER_KINDS),
        mode: modeOrUnknown,
        site: open({
          name: z.string(),
          host: rule,
          route: rule.nullable(),
          others: z.array(rule),
          upstream: textOrNull,
          folder: textOrNull,
          target: textOrNull,
          decision: z.enum(["live", "allow", "bypass", "down", "health-ok", "health-down", "preflight"]),
          exception: rule.nullable(),
        }).nullable(),
      }),
    ),
  }),
  check: versioned("check", {
    ok: z.boolean(),
    config,
    servers: z.array(
      open({
        server: z.string(),
        kind: z.enum(SERVER_KINDS),
        limits: z.array(
          open({
            level: z.enum(["refuse", "note"]),
            site: z.string().nullable(),
            sentence: z.string(),
          }),
        ),
        test: open({ result: z.string(), output: z.string(), command: z.string() }),
        place: diagnostic.nullable(),
      }),
    ),
  }),
  plan: versioned("plan", {
    output: z.string(),
    upToDate: z.boolean(),
    drift,
    reloads: sentences,
    diff: z.string(),
  }),
  render: versioned("render", { output: z.string() }),
  bypass: versioned("bypass", { id: z.string(), site: z.string(), until: time, link: z.string() }),
  bypasses: versioned("bypasses", { bypasses: z.array(bypass) }),
  "bypass-revoked": versioned("bypass-revoked", { revoked: sentences }),
  page: versioned("page", { ...page, bytes: open({ page: count, brotli: count, answer: count }) }),
  doctor: versioned("doctor", {
    ok: z.boolean(),
    findings: z.array(
      open({ level: z.enum(["ok", "note", "problem"]), about: z.string(), sentence: z.string() }),
    ),
  }),
  "proxy-status": versioned("proxy-status", {
    pid: count,
    server: z.string(),
    uptimeSec: count,
    stopping: z.boolean(),
    reloads: count,
    reloadsFailed: count,
    reloadProblem: z.string().nullable(),
    connections: count,
    sites: z.array(
      open({
        name: z.string(),
        mode: modeOrUnknown,
        generation: count.nullable(),
        inflight: count,
        held: count,
      }),
    ),
    backends: z.array(
      open({ upstream: z.string(), backend: z.string(), state: z.string(), inflight: count, idle: count }),
    ),
  }),
  "proxy-reload": versioned("proxy-reload", { pid: count, reloads: count }),
  "proxy-upgrade": versioned("proxy-upgrade", { pid: count, from: count }),
  "proxy-stop": versioned("proxy-stop", { pid: count }),
  ...WORKER_OUTPUTS,
  version: versioned("version", { version: z.string(), node: z.string() }),
} as const;

export type OutputName = keyof typeof OUTPUTS;

export function isOutputName(name: string): name is OutputName {
  return Object.hasOwn(OUTPUTS, name);
}

/** The JSON Schema (draft 2020-12) of one kind of object. */
export function outputSchema(name: OutputName): object {
  return z.toJSONSchema(OUTPUTS[name], { target: "draft-2020-12" });
}
