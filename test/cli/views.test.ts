import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { StatusCell, StepEvent, SwitchResult } from "../../src/apply/types.js";
import { changeObject, resultLines } from "../../src/cli/change-view.js";
import type { Context } from "../../src/cli/context.js";
import { diagnosticText } from "../../src/cli/diagnostic-text.js";
import { answerOf } from "../../src/cli/is.js";
import type { Output } from "../../src/cli/output.js";
import { createProgress } from "../../src/cli/progress.js";
import { isVerified, statusLines, statusObject, type StatusLook } from "../../src/cli/status-view.js";
import type { Spec } from "../../src/spec/types.js";

function output(options: Partial<Pick<Output, "isTerminal" | "unicode" | "columns">> = {}) {
  let text = "";
  const write = (more: string): void => {
    text += more;
  };
  const made: Output = {
    isTerminal: false,
    columns: 80,
    colour: false,
    unicode: false,
    closed: false,
    ...options,
    write,
    line: (line = "") => write(`${line}\n`),
    paint: (_style, plain) => plain,
  };
  return { ...made, text: () => text };
}

function cell(change: Partial<StatusCell> = {}): StatusCell {
  return {
    site: "main",
    server: "web",
    desired: {
      version: 1,
      site: "main",
      mode: "down",
      generation: 7,
      lastGeneration: 7,
      since: "2026-11-25T14:00:00.000Z",
      changedAt: "2026-11-25T14:00:00.000Z",
      by: "ann",
      reason: "upgrade",
      message: "",
      retryAfterSec: 120,
      untilMs: Date.UTC(2026, 10, 25, 14, 20),
      hold: null,
      proof: "proven",
    },
    mode: "down",
    onDisk: { mode: "down", generation: 7 },
    observed: {
      site: "main",
      server: "web",
      running: "yes",
      mode: "down",
      generation: 7,
      workers: [],
      probes: [],
      inflight: 2,
      held: null,
      problems: [],
    },
    expired: false,
    differences: [],
    ...change,
  };
}

const stopped = cell({
  server: "edge",
  observed: { ...cell().observed, server: "edge", running: "no", mode: "unknown", generation: null },
  differences: ["edge is not running"],
});
const drifted = cell({
  server: "edge",
  observed: { ...cell().observed, server: "edge", mode: "up", generation: 6 },
  differences: ["edge shows up, generation 6; on disk is down, generation 7"],
});

const spec = {
  file: "/etc/fence/fence.toml",
  sha256: "ab".repeat(32),
  servers: [{ name: "web", kind: "nginx" }],
} as unknown as Spec;

function look(...cells: StatusCell[]): StatusLook {
  return {
    spec,
    groups: [cells],
    workers: new Map(),
    whys: new Map(),
    unfinished: { journal: { kind: "none" }, holder: null, run: null },
    nowMs: Date.UTC(2026, 10, 25, 14, 10),
  };
}

describe("status", () => {
  test("one line a site, with the mode as a word and a mark for each server", () => {
    assert.deepEqual(statusLines(look(cell()), output()), [
      "SITE  MODE  SINCE                 UNTIL                 SERVERS",
      "main  down  2026-11-25 14:00:00Z  2026-11-25 14:20:00Z  web ok",
      "  main: upgrade (ann)",
    ]);
    assert.match(statusLines(look(cell()), output({ unicode: true }))[1] ?? "", /web ✓$/);
  });

  test("differences are sentences below it", () => {
    const lines = statusLines(look(cell(), drifted), output());
    assert.match(lines[1] ?? "", /web ok {2}edge !$/);
    assert.equal(lines[3], "  main on edge: edge shows up, generation 6; on disk is down, generation 7");
  });

  test("a lost state has no beginning", () => {
    const lost = cell();
    const since = new Date(0).toISOString();
    const lines = statusLines(look({ ...lost, desired: { ...lost.desired, since } }), output());
    assert.match(lines[1] ?? "", /^main {2}down {2}- /);
  });

  test("a server that does not run is called stopped", () => {
    assert.match(statusLines(look(stopped), output())[1] ?? "", /edge stopped$/);
  });

  test("an end that has passed is said", () => {
    const lines = statusLines(look(cell({ expired: true })), output());
    assert.match(lines[1] ?? "", /14:20:00Z \(passed\)/);
    assert.match(lines.join("\n"), /fence up main brings it up/);
  });

  test("a change that was cut short is said", () => {
    const unfinished = {
      journal: { kind: "unreadable", problem: "it is empty" } as const,
      holder: null,
      run: null,
    };
    assert.match(
      statusLines({ ...look(cell()), unfinished }, output()).at(-1) ?? "",
      /journal cannot be read: it is empty/,
    );
  });

  test("nothing in a state file can move the cursor", () => {
    const evil = cell({ desired: { ...cell().desired, reason: "\u001b[2J", by: "a\nb" } });
    assert.doesNotMatch(statusLines(look(evil), output()).join(""), /\u001b|\n/);
  });

  test("the object has its schema and the same facts", () => {
    const object = statusObject(look(cell(), drifted)) as { sites: Record<string, unknown>[] } & Record<
      string,
      unknown
    >;
    assert.equal(object["schema"], "fence/status@1");
    assert.deepEqual(object["config"], { path: "/etc/fence/fence.toml", sha256: spec.sha256 });
    const [site] = object.sites;
    assert.equal(site?.["mode"], "down");
    assert.equal(site?.["until"], "2026-11-25T14:20:00.000Z");
    assert.equal(site?.["verified"], false);
    assert.deepEqual(
      (site?.["servers"] as { verified: boolean }[]).map(({ verified }) => verified),
      [true, false],
    );
  });

  test("verified means running, showing what was asked for, without a difference", () => {
    assert.equal(isVerified(cell()), true);
    assert.equal(isVerified(stopped), false);
    assert.equal(isVerified(drifted), false);
  });
});

describe("is", () => {
  test("yes when every server shows it, no when one shows another, else unknown", () => {
    assert.equal(answerOf([cell()], "down"), "yes");
    assert.equal(answerOf([cell()], "up"), "no");
    assert.equal(answerOf([cell(), drifted], "down"), "no");
    const silent = cell({ observed: { ...cell().observed, mode: "unknown" } });
    assert.equal(answerOf([cell(), silent], "down"), "unknown");
    assert.equal(answerOf([], "down"), "unknown");
  });

  test("clients of stopped servers get no mode: it cannot be told", () => {
    assert.equal(answerOf([stopped], "down"), "unknown");
    assert.equal(answerOf([stopped], "up"), "unknown");
  });

  test("a stopped server beside a running one counts with what it would show", () => {
    assert.equal(answerOf([cell(), stopped], "down"), "yes");
    assert.equal(
      answerOf([cell(), { ...stopped, onDisk: { mode: "up", generation: 6 } }], "down"),
      "unknown",
    );
  });
});

describe("the result of a change", () => {
  const result: SwitchResult = {
    exit: "ok",
    tookMs: 312.7,
    sites: [
      {
        site: "main",
        from: "up",
        to: "down",
        result: "done",
        generation: 7,
        since: "2026-11-25T14:00:00.000Z",
        expiresMs: null,
        servers: [
          {
            server: "web",
            result: "done",
            proof: { proven: true, tookMs: 12.4, problems: [], last: cell().observed },
          },
        ],
        problems: [],
      },
    ],
  };

  test("is one sentence a site", () => {
    assert.deepEqual(resultLines(result, output()), ["main is down (generation 7; proven on web in 0.01 s)"]);
  });

  test("has its schema, its exit code and whole milliseconds", () => {
    const object = changeObject(result) as { sites: { name: string; servers: unknown[] }[] } & Record<
      string,
      unknown
    >;
    assert.equal(object["schema"], "fence/change@1");
    assert.equal(object["exit"], 0);
    assert.equal(object["result"], "ok");
    assert.equal(object["tookMs"], 313);
    assert.equal(object.sites[0]?.name, "main");
    assert.deepEqual(object.sites[0]?.servers, [
      {
        name: "web",
        result: "done",
        proof: { proven: true, tookMs: 12, inflight: 2, inflightAtLeast: false, problems: [] },
      },
    ]);
  });
});

describe("progress", () => {
  const event: StepEvent = {
    step: "proof",
    phase: "progress",
    site: "main",
    server: "web",
    text: "shows up",
    elapsedMs: 3200,
  };
  const contextWith = (
    change: Partial<Context>,
  ): { context: Context; out: ReturnType<typeof output>; err: ReturnType<typeof output> } => {
    const out = output();
    const err = output();
    const base = {
      out,
      err,
      env: {},
      json: false,
      quiet: false,
      verbose: false,
      yes: false,
      mayAsk: true,
      config: null,
      actor: "",
      commandLine: "",
    };
    return { context: { ...base, ...change }, out, err };
  };

  test("without a terminal: a line for each step that begins or ends, none for looks in between", () => {
    const { context, err, out } = contextWith({});
    const progress = createProgress(context);
    progress.event(event);
    progress.event({ ...event, phase: "ok", text: "web shows down" });
    progress.end();
    assert.equal(err.text(), "fence: main on web: web shows down (3.2 s)\n");
    assert.equal(out.text(), "");
  });

  test("on a terminal: one line that is painted over and is gone at the end", () => {
    const err = output({ isTerminal: true, columns: 30 });
    const progress = createProgress(contextWith({ err }).context);
    progress.event(event);
    progress.end();
    assert.match(err.text(), /^\r\u001b\[Kmain on web: shows up \(3\.2 s\)\r\u001b\[K$/);
    assert.ok(
      err
        .text()
        .split("\r")
        .every((line) => line.replace("\u001b[K", "").length < 30),
    );
  });

  test("with --json: one object a line on stdout", () => {
    const { context, err, out } = contextWith({ json: true });
    createProgress(context).event(event);
    const object = JSON.parse(out.text()) as Record<string, unknown>;
    assert.equal(object["ev"], "proof");
    assert.equal(object["phase"], "progress");
    assert.equal(object["elapsedMs"], 3200);
    assert.match(String(object["t"]), /^\d{4}-.*Z$/);
    assert.equal(err.text(), "");
  });

  test("with --quiet: nothing", () => {
    const { context, err, out } = contextWith({ quiet: true });
    createProgress(context).event({ ...event, phase: "ok" });
    assert.equal(err.text() + out.text(), "");
  });
});

describe("diagnostics", () => {
  test("show the place, the line, the mark, why and the fix", () => {
    const text = diagnosticText(
      {
        file: "/elsewhere/fence.toml",
        line: 12,
        column: 12,
        endColumn: 16,
        source: 'upstream = "ap"',
        message: 'no upstream is named "ap"',
        why: "a site needs one",
        fix: 'did you mean "app"?',
      },
      output(),
    );
    assert.equal(
      text,
      `/elsewhere/fence.toml:12:12: error: no upstream is named "ap"
  12 | upstream = "ap"
     |            ^^^^
  why: a site needs one
  fix: did you mean "app"?
`,
    );
  });
});
