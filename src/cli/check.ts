import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Diagnostic } from "../base/diagnostics.js";
import type { ExitName } from "../base/exit.js";
import type { RenderedTree } from "../plan/types.js";
import type { Limit } from "../servers/adapter.js";
import type { ConfigTestResult } from "../verify/config-test.js";
import type { Context } from "./context.js";
import { diagnosticText } from "./diagnostic-text.js";
import { planned, type Planned } from "./machine.js";
import { printable } from "./output.js";

interface ServerCheck {
  server: string;
  limits: readonly Limit[];
  test: ConfigTestResult;
  /** Where in the spec the server's complaint most likely comes from. */
  place: Diagnostic | null;
}

/** `fence check`: spec, limits, and the servers' own tests on a tree in a temporary folder. */
export async function checkSpec(context: Context, strict: boolean): Promise<ExitName> {
  const made = await planned(context);
  const checks = await inTemporaryFolder(made.machine.renderTree(), (folder) => checkServers(made, folder));
  const exit = exitOf(checks, strict);
  if (context.json) {
    const { file, sha256 } = made.spec;
    context.out.line(JSON.stringify({ schema: "fence/check@1", ok: exit === "ok", config: { path: file, sha256 }, servers: checks }));
  } else {
    for (const check of checks) printCheck(context, check);
    if (exit === "ok" && !context.quiet) context.out.line(`${made.spec.file} is valid`);
  }
  return exit;
}

async function checkServers(made: Planned, folder: string): Promise<ServerCheck[]> {
  const [{ adapterOf }, { configTest }, { locateInSpec }, { readFile }] = await Promise.all([
    import("../servers/registry.js"),
    import("../verify/config-test.js"),
    import("../spec/locate.js"),
    import("node:fs/promises"),
  ]);
  const checks: ServerCheck[] = [];
  const specText = await readFile(made.spec.file, "utf8");
  for (const server of made.spec.servers) {
    const adapter = adapterOf(server.kind);
    const test = await configTest(adapter, server, join(folder, server.name));
    const place = test.result === "failed" ? locateInSpec(test.output, specText, made.spec.file) : null;
    checks.push({ server: server.name, limits: adapter.limits(made.spec, server), test, place });
  }
  return checks;
}

/** A refused limit is a fault of the spec; a failed test may be one of the host. */
function exitOf(checks: readonly ServerCheck[], strict: boolean): ExitName {
  const limits = checks.flatMap((check) => check.limits);
  if (limits.some((limit) => limit.level === "refuse")) return "specInvalid";
  const isTested = (result: ConfigTestResult["result"]): boolean =>
    result === "passed" || result === "skipped" || (result === "no-program" && !strict);
  if (!checks.every((check) => isTested(check.test.result))) return "failed";
  return strict && limits.length > 0 ? "failed" : "ok";
}

function printCheck(context: Context, { server, limits, test, place }: ServerCheck): void {
  const { out } = context;
  for (const { level, site, sentence } of limits) {
    if (level === "note" && context.quiet) continue;
    const word = level === "refuse" ? out.paint("red", "refused") : out.paint("yellow", "note");
    out.line(`${word}: ${site === null ? server : `${site} on ${server}`}: ${printable(sentence)}`);
  }
  if (test.result === "failed" || test.result === "hung") {
    out.line(`${out.paint("red", "failed")}: ${server}: ${test.command}${test.result === "hung" ? " did not end" : ""}`);
    for (const line of test.output.split("\n")) out.line(`    ${printable(line)}`);
    if (place) out.write(diagnosticText(place, out));
  } else if (!context.quiet) {
    out.line(`${server}: ${TEST_TEXT[test.result]}${context.verbose && test.command !== "" ? ` (${test.command})` : ""}`);
  }
}

const TEST_TEXT = {
  passed: "the server's own config test passes",
  skipped: "not tested: its main config is yours (config = \"include\")",
  "no-program": "not tested: the server is not installed here",
} as const;

async function inTemporaryFolder<T>(tree: RenderedTree, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "fence-check-"));
  try {
    for (const file of tree.files) {
      const path = join(folder, file.path);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, file.content);
    }
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
