/**
 * Runs the built tests with Node's own runner and prints one line a file, the details of what failed, what was
 * skipped and why, and last `N passed, N failed`.
 *
 *   node test/run.mjs [PART OF A PATH ...] [--name PATTERN]
 *
 * With CI=true a skipped test is a failure: nothing is left out in silence. And there one or two files that failed beside
 * others are run once more, alone: what passes then is told as FLAKY, with what failed at first, for somebody to mend; a
 * defect in the code fails twice, and three files that fail are never run again.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { run } from "node:test";
import { fileURLToPath } from "node:url";
import { inspect, parseArgs } from "node:util";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const CONCURRENCY = 2;
const FILE_TIMEOUT_MS = 15 * 60_000;
const AGAIN_MAX = 2;
const OUTPUT_LINES_MAX = 60;
const STACK_LINES_MAX = 4;
const MESSAGE_LINES_MAX = 40;

const { values: options, positionals: parts } = parseArgs({
  allowPositionals: true,
  options: { name: { type: "string" } },
});
const strict = process.env.CI === "true";
process.chdir(ROOT);

/** Source paths of the test files that were asked for; the slowest rooms first, so that both lanes end together. */
function testFiles() {
  const all = readdirSync("test", { recursive: true })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `test/${name.split(path.sep).join("/")}`);
  const weight = (name) => (/^test\/(e2e|parity|faults|security)\//.test(name) ? 0 : 1);
  return all
    .filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)))
    .sort((a, b) => weight(a) - weight(b) || a.localeCompare(b));
}

/** test/a/b.test.ts -> build/test/a/b.test.js, absolute. */
const builtPath = (source) => path.join(ROOT, "build", source.replace(/\.ts$/, ".js"));
const sourcePath = (built) => path.relative(path.join(ROOT, "build"), built).replace(/\.js$/, ".ts");

/** What is known of one file. */
class FileReport {
  passed = 0;
  failures = [];
  skipped = [];
  durationMs = 0;
}

const reports = new Map();
/** file -> how many results were printed with it */
const printed = new Map();

/** Results come in the order of the files, so a result of another file says that the ones before it have ended. */
function reportOf(data) {
  const file = data.file === undefined ? "(no file)" : sourcePath(data.file);
  if (!reports.has(file)) {
    printFinished();
    reports.set(file, new FileReport());
  }
  return reports.get(file);
}

function printFinished() {
  for (const [file, report] of reports) {
    const results = report.passed + report.failures.length + report.skipped.length;
    // tests that a helper registers count as the helper's, and its caller may have more to come
    if (printed.get(file) !== results) printFile(file, report);
    printed.set(file, results);
  }
}

/** The runner reports suites, and a file as a test of its own: neither is a test. */
function isTest(data) {
  return data.details.type !== "suite" && !(data.nesting === 0 && path.isAbsolute(data.name));
}

function onPass(data) {
  if (data.skip === "test name does not match pattern") return;
  if (data.skip !== undefined) {
    // a skipped suite stands for its tests
    reportOf(data).skipped.push({
      title: data.name,
      reason: String(data.skip === true ? "no reason given" : data.skip),
    });
  } else if (isTest(data)) reportOf(data).passed += 1;
  if (data.nesting === 0) reportOf(data).durationMs += data.details.duration_ms;
}

function onFail(data) {
  const report = reportOf(data);
  if (data.nesting === 0) report.durationMs += data.details.duration_ms;
  const kind = data.details.error?.failureType;
  // told by the failed test inside
  if (kind === "subtestsFailed") return;
  const wholeFile = data.nesting === 0 && path.isAbsolute(data.name);
  if (wholeFile && report.failures.length > 0) return;
  report.failures.push({
    title: wholeFile ? "the file did not run to its end" : data.name,
    text: describe(data.details.error),
  });
}

/** The message and the first lines of the stack that are not of Node itself. */
function describe(error) {
  const cause = error?.cause ?? error;
  if (!(cause instanceof Error) && typeof cause?.message !== "string") return inspect(cause);
  const stack = String(cause.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !line.includes("(node:") && !line.includes("node_modules"))
    .slice(0, STACK_LINES_MAX)
    .map((line) => line.replaceAll(`file://${ROOT}/`, "").replaceAll(`${ROOT}/`, ""));
  const message = cause.message.split("\n");
  const more = message.length - MESSAGE_LINES_MAX;
  return [
    ...message.slice(0, MESSAGE_LINES_MAX),
    ...(more > 0 ? [`… ${more} more lines`] : []),
    ...stack,
  ].join("\n");
}

/** Output comes at once, not in the order of the files. */
const outputs = new Map();
function onOutput(data) {
  const file = data.file === undefined ? "(no file)" : sourcePath(data.file);
  if (!outputs.has(file)) outputs.set(file, []);
  const output = outputs.get(file);
  output.push(data.message);
  if (output.length > OUTPUT_LINES_MAX) output.shift();
}

function indent(text, by) {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => " ".repeat(by) + line)
    .join("\n");
}

function printFile(file, report) {
  const bad = report.failures.length > 0;
  const counts = [`${report.passed} passed`];
  if (bad) counts.push(`${report.failures.length} failed`);
  if (report.skipped.length > 0) counts.push(`${report.skipped.length} skipped`);
  console.log(
    `${bad ? "FAIL" : "ok  "} ${file}: ${counts.join(", ")} (${(report.durationMs / 1000).toFixed(1)} s)`,
  );
  for (const failure of report.failures) {
    console.log(`  x ${failure.title}\n${indent(failure.text, 6)}`);
  }
  const output = outputs.get(file);
  if (bad && output !== undefined) console.log(`  it printed:\n${indent(output.join(""), 6)}`);
}

function printSkipped() {
  const byReason = new Map();
  for (const [file, report] of reports) {
    for (const { reason } of report.skipped) {
      if (!byReason.has(reason)) byReason.set(reason, new Map());
      const files = byReason.get(reason);
      files.set(file, (files.get(file) ?? 0) + 1);
    }
  }
  if (byReason.size === 0) return;
  console.log(strict ? "\nnot run, which CI=true counts as failed:" : "\nnot run on this machine:");
  for (const [reason, files] of byReason) {
    console.log(`  ${reason}`);
    for (const [file, count] of files) console.log(`    ${file}: ${count}`);
  }
}

const sources = testFiles();
const missing = sources.filter((source) => !existsSync(builtPath(source)));
if (missing.length > 0) {
  console.error(`not built: ${missing.join(", ")}; run npm run build`);
  process.exit(1);
}

/** Prints each file when it has ended; resolves when all have. */
function runFiles(files, concurrency) {
  const stream = run({
    files: files.map(builtPath),
    concurrency,
    timeout: FILE_TIMEOUT_MS,
    ...(options.name === undefined ? {} : { testNamePatterns: [new RegExp(options.name)] }),
  });
  stream.on("test:pass", onPass);
  stream.on("test:fail", onFail);
  stream.on("test:stdout", onOutput);
  stream.on("test:stderr", onOutput);
  return new Promise((resolve) => stream.on("end", resolve).resume()).then(printFinished);
}

/** The test files that tell of this one: itself, or those whose tests a helper registers. */
function runsOf(file) {
  if (sources.includes(file)) return [file];
  const name = `/${path.basename(file, ".ts")}.js"`;
  return sources.filter((source) => readFileSync(source, "utf8").includes(name));
}

/** @returns those that passed at the second try; `reports` has what came of that in the place of the first */
async function runAgain() {
  const first = new Map(reports);
  const failed = [...first].filter(([, report]) => report.failures.length > 0).map(([file]) => file);
  if (!strict || failed.length === 0 || failed.length > AGAIN_MAX) return [];
  console.log(`\nonce more, alone: ${failed.join(", ")}`);
  const passed = [];
  for (const file of failed) {
    for (const known of [reports, printed, outputs]) known.clear();
    const runs = runsOf(file);
    if (runs.length > 0) await runFiles(runs, 1);
    const again = reports.get(file);
    if ([...reports.values()].some(({ failures }) => failures.length > 0) || !again?.passed) continue;
    first.set(file, again);
    passed.push(file);
  }
  reports.clear();
  for (const [file, report] of first) reports.set(file, report);
  return passed;
}

await runFiles(sources, CONCURRENCY);
const flaky = await runAgain();
printSkipped();
for (const file of flaky)
  console.log(`FLAKY ${file}: it failed beside others, as told above, and passed alone`);
const files = [...reports.values()];
const sum = (count) => files.reduce((total, report) => total + count(report), 0);
const passed = sum((report) => report.passed);
const skipped = sum((report) => report.skipped.length);
const failed = sum((report) => report.failures.length) + (strict ? skipped : 0);
if (passed + failed === 0) console.log("\nno test was run");
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
