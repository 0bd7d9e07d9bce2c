import type { Diagnostic } from "../base/diagnostics.js";
import type { ExitName } from "../base/exit.js";
import type { Limit } from "../servers/adapter.js";
import { specText } from "../spec/load.js";
import type { ModeValues, ServerKind } from "../spec/types.js";
import type { ConfigTestResult } from "../verify/config-test.js";
import type { Context } from "./context.js";
import { diagnosticText } from "./diagnostic-text.js";
import { planned, type Planned } from "./machine.js";
import { printable } from "../base/printable.js";
import { testStagedTree } from "./staged-tree.js";

export interface ServerCheck {
  server: string;
  kind: ServerKind;
  limits: readonly Limit[];
  test: ConfigTestResult;
  /** Where in the spec the server's complaint most likely comes from. */
  place: Diagnostic | null;
}

/** `fence check`: spec, limits, and the servers' own tests on a tree in a temporary folder. */
export async function checkSpec(context: Context, strict: boolean): Promise<ExitName> {
  const made = await planned(context);
  const checks = await checkServers(made);
  const exit = exitOf(checks, strict);
  const { file, sha256 } = made.spec;
  if (context.json) {
    context.out.line(
      JSON.stringify({
        schema: "fence/check@1",
        ok: exit === "ok",
        config: { path: file, sha256 },
        servers: checks,
      }),
    );
  } else {
    for (const check of checks) printCheck(context, check);
    if (exit === "ok" && !context.quiet) context.out.line(`${file} is valid`);
  }
  return exit;
}

/** What each server says of the spec, by its limits and by its own config test. */
export async function checkServers(made: Planned): Promise<ServerCheck[]> {
  const [{ adapterOf }, { locateInSpec }] = await Promise.all([
    import("../servers/registry.js"),
    import("../spec/locate.js"),
  ]);
  // The staged tree has other folders: what no config can carry is found in the real one.
  made.machine.renderTree();
  for (const point of made.plan.switchPoints) made.machine.renderVariant(point, SAMPLE);
  const tests = await testStagedTree(made);
  const checks: ServerCheck[] = [];
  for (const server of made.spec.servers) {
    const test = tests.get(server.name) ?? { result: "skipped", output: "", command: "" };
    const wired = await made.machine.wiredLimits(server.name);
    checks.push({
      server: server.name,
      kind: server.kind,
      limits: [...adapterOf(server.kind).limits(made.spec, server), ...wired.map(ofHoldAlone)],
      test,
      place: test.result === "failed" ? locateInSpec(test.output, specText(made.spec), made.spec.file) : null,
    });
  }
  return checks;
}

/** What refuses a hold is no fault of the spec, which is good for all else. */
export function ofHoldAlone({ level, site, sentence }: Limit): Limit {
  return {
    level: "note",
    site,
    sentence: level === "refuse" ? `fence hold is refused: ${sentence}` : sentence,
  };
}

/** A switch like any other, to find what of a site's page cannot be written before one is due. */
const SAMPLE: ModeValues = {
  mode: "down",
  generation: 1,
  retryAfterSec: 60,
  untilMs: 0,
  leftSec: null,
  message: "a message",
  reason: "a reason",
  hold: null,
};

/** A refused limit is a fault of the spec; a failed test may be one of the host. */
function exitOf(checks: readonly ServerCheck[], strict: boolean): ExitName {
  const limits = checks.flatMap((check) => check.limits);
  if (limits.some((limit) => limit.level === "refuse")) return "specInvalid";
  const isTested = (result: ConfigTestResult["result"]): boolean =>
    result === "passed" || result === "skipped" || (result === "no-program" && !strict);
  if (!checks.every((check) => isTested(check.test.result))) return "failed";
  return strict && limits.length > 0 ? "failed" : "ok";
}

function printCheck(context: Context, { server, kind, limits, test, place }: ServerCheck): void {
  const { out } = context;
  for (const { level, site, sentence } of limits) {
    if (level === "note" && context.quiet) continue;
    const word = level === "refuse" ? out.paint("red", "refused") : out.paint("yellow", "note");
    out.line(`${word}: ${site === null ? server : `${site} on ${server}`}: ${printable(sentence)}`);
  }
  if (test.result === "failed" || test.result === "hung") {
    out.line(
      `${out.paint("red", "failed")}: ${server}: ${test.command}${test.result === "hung" ? " did not end" : ""}`,
    );
    for (const line of test.output.split("\n")) out.line(`    ${printable(line)}`);
    if (place) out.write(diagnosticText(place, out));
  } else if (!context.quiet) {
    out.line(
      `${server}: ${kind === "proxy" ? PROXY_TEXT : TEST_TEXT[test.result]}${context.verbose && test.command !== "" ? ` (${test.command})` : ""}`,
    );
  }
}

const PROXY_TEXT = "there is no config to test: it reads this file itself";

const TEST_TEXT = {
  passed: "the server's own config test passes",
  skipped: 'not tested: its main config is yours (config = "include")',
  "no-program": "not tested: the server is not installed here",
} as const;
