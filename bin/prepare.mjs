#!/usr/bin/env node
/**
 * Brings a fresh clone to where a task can run. Plain Node without dependencies, since nothing is installed yet.
 *
 *   node bin/prepare.mjs packages       npm packages
 *   node bin/prepare.mjs build          the same, and compiles
 *   node bin/prepare.mjs test           the same, and as root on Debian the servers and tools that the tests drive
 *   node bin/prepare.mjs demo [ARGS]    packages, build, then the demo
 *   node bin/prepare.mjs bench [ARGS]   packages, build, then the live-path bench
 *
 * FENCE_TEST_APT=0 leaves the machine's packages alone.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const NODE_MINIMUM = [20, 19];
const APT_TIMEOUT_MS = 10 * 60_000;
const POLICY = "/usr/sbin/policy-rc.d";
const POLICY_TEXT =
  "#!/bin/sh\n# fence test set-up: a package that is installed for tests starts no service\nexit 101\n";

function main() {
  const [task, ...args] = process.argv.slice(2);
  if (!["packages", "build", "test", "demo", "bench"].includes(task ?? "")) {
    fail("usage: node bin/prepare.mjs packages | build | test | demo [ARGS] | bench [ARGS]");
  }
  requireNode();
  installNpmPackages();
  if (task === "packages") return;
  build();
  if (task === "test") installSystemPackages();
  if (task === "demo") becomeNode("build/bench/demo.js", args);
  if (task === "bench") becomeNode("build/bench/live.js", args);
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [needMajor, needMinor] = NODE_MINIMUM;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  fail(`fence needs Node.js ${NODE_MINIMUM.join(".")} or newer; this is ${process.versions.node}`);
}

/** `npm ci`, only when what is installed is not what the lock says. */
function installNpmPackages() {
  if (npmPackagesAreCurrent()) return;
  say("installing npm packages (npm ci)");
  const result = run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { quiet: true });
  if (result.status !== 0) fail(`npm ci failed\n${result.output}`);
}

function npmPackagesAreCurrent() {
  const wanted = readLock("package-lock.json");
  const installed = readLock("node_modules/.package-lock.json");
  if (wanted === null || installed === null) return false;
  return Object.entries(wanted).every(([folder, entry]) => {
    if (folder === "") return true;
    const there = installed[folder];
    // an optional package of another platform is in the lock and not on the disk
    return there === undefined ? entry.optional === true : there.version === entry.version;
  });
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(path.join(ROOT, file), "utf8")).packages ?? null;
  } catch {
    return null;
  }
}

function build() {
  const result = run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"], {
    quiet: true,
  });
  if (result.status !== 0) fail(`the build failed\n${result.output}`);
}

/** Installs what test/needs.json lists and the machine lacks; only says so where it may not. */
function installSystemPackages() {
  const packages = missingPackages();
  if (packages.length === 0) return;
  const obstacle = whyNotApt();
  if (obstacle !== null) {
    say(`not installed: ${packages.join(" ")} (${obstacle}); tests that need them are skipped`);
    return;
  }
  say(`installing ${packages.join(" ")}`);
  withoutServiceStart(() => {
    // an old list, or no network for the update, is no failure while the packages can be had
    run("apt-get", ["update", "-q"], { quiet: true });
    const install = [
      "install",
      "-y",
      "-q",
      "--no-install-recommends",
      "-o",
      "DPkg::Lock::Timeout=120",
      ...packages,
    ];
    const result = run("apt-get", install, { quiet: true });
    if (result.status !== 0)
      say(`apt-get failed; tests that need these packages are skipped\n${result.output}`);
  });
}

function whyNotApt() {
  if (process.env.FENCE_TEST_APT === "0") return "FENCE_TEST_APT=0";
  if (!existsSync("/etc/debian_version") || !existsSync("/usr/bin/apt-get")) return "not Debian";
  if (process.getuid?.() !== 0) return "not root";
  return null;
}

function missingPackages() {
  const needs = JSON.parse(readFileSync(path.join(ROOT, "test/needs.json"), "utf8"));
  const binFolders = [
    ...(process.env.PATH ?? "").split(path.delimiter),
    "/usr/local/sbin",
    "/usr/sbin",
    "/sbin",
  ];
  const libFolders = ["/usr/lib", "/usr/lib64", "/usr/local/lib"];
  const isIn = (folders, name) => folders.some((folder) => existsSync(path.join(folder, name)));
  const lacking = Object.values(needs).filter(
    (need) =>
      need.programs.some((name) => !isIn(binFolders, name)) ||
      need.modules.some((name) => !isIn(libFolders, name)),
  );
  return [...new Set(lacking.flatMap((need) => need.packages))].sort();
}

/** Debian starts a service as its package is installed, nginx on port 80; policy-rc.d is how to say no. */
function withoutServiceStart(action) {
  // a listener keeps a signal from ending this process before the policy is taken away again
  const wait = () => {};
  process.on("SIGINT", wait).on("SIGTERM", wait);
  const ours = !existsSync(POLICY) || readFileSync(POLICY, "utf8") === POLICY_TEXT;
  if (ours) writeFileSync(POLICY, POLICY_TEXT, { mode: 0o755 });
  try {
    action();
  } finally {
    if (ours) rmSync(POLICY, { force: true });
    process.off("SIGINT", wait).off("SIGTERM", wait);
  }
}

function run(program, args, { quiet }) {
  const result = spawnSync(program, args, {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    timeout: APT_TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.error !== undefined && result.status === null) {
    return { status: 1, output: `${program}: ${result.error.message}` };
  }
  return { status: result.status ?? 1, output: `${result.stdout ?? ""}${result.stderr ?? ""}`.trim() };
}

/** Runs a built script with this terminal, and ends as it ends. A signal to this process is passed on. */
function becomeNode(script, args) {
  const child = spawn(process.execPath, [script, ...args], { cwd: ROOT, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code) => process.exit(code ?? 1));
}

function say(text) {
  process.stderr.write(`prepare: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

main();
