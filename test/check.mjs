/** `npm run check`: every static check, each to its end, so that one run tells all that is wrong. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/**
 * What a file was found to be is remembered for the next run by its content; but a type may have changed in another
 * file, so continuous integration remembers nothing.
 */
const remembers = (name, ...flags) =>
  process.env["CI"] === "true" ? [] : ["--cache", "--cache-location", `build/.${name}`, ...flags];

/** name, then the script and its arguments */
const CHECKS = [
  [
    "format",
    "node_modules/prettier/bin/prettier.cjs",
    ...remembers("prettier", "--cache-strategy", "content"),
    "--check",
    "--log-level=warn",
    ".",
  ],
  [
    "lint",
    "node_modules/eslint/bin/eslint.js",
    ...remembers("eslint", "--cache-strategy", "content"),
    "--max-warnings=0",
    ".",
  ],
  // the tidy tests need what it writes
  ["types", "bin/build.mjs"],
  [
    "boundaries",
    "node_modules/dependency-cruiser/bin/dependency-cruise.mjs",
    "--config",
    ".dependency-cruiser.cjs",
    "src",
    "test",
    "bench",
  ],
  ["dead code", "node_modules/knip/bin/knip.js"],
  ["tidy", "test/run.mjs", "test/tidy/"],
];

let failed = 0;
for (const [name, ...args] of CHECKS) {
  const result = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const ok = result.status === 0;
  if (!ok) failed += 1;
  console.log(`${ok ? "ok  " : "FAIL"} ${name}`);
  if (!ok) console.log(`${result.stdout}${result.stderr}`.trimEnd().replace(/^/gm, "     "));
}
console.log(failed === 0 ? "every check passed" : `${failed} of ${CHECKS.length} checks failed`);
process.exitCode = failed === 0 ? 0 : 1;
