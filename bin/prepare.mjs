#!/usr/bin/env node
/**
 * Brings a fresh clone to where a task can run. Plain Node without dependencies, since nothing is installed yet.
 *
 *   node bin/prepare.mjs packages       npm packages
 *   node bin/prepare.mjs build          the same, and compiles
 *   node bin/prepare.mjs test           the same, and as root on Debian the servers and tools that the tests drive
 *   node bin/prepare.mjs package        packages, build, then the package that hosts install
 *   node bin/prepare.mjs deb            packages, build, then the same as a package of Debian
 *   node bin/prepare.mjs single         packages, build, then fence as one executable
 *   node bin/prepare.mjs demo [ARGS]    packages, build, then the demo
 *   node bin/prepare.mjs soak [ARGS]    packages, build, then the soak on the servers that are there
 *   node bin/prepare.mjs bench [ARGS]   packages, build, then the live-path bench
 *   node bin/prepare.mjs bench-proxy [ARGS]
 *                                       packages, build, then the proxy bench; unless it is --quick or only the help,
 *                                       also the servers of bench/needs.json and the proxies of bench/peers
 *
 * FENCE_TEST_APT=0 leaves the machine's packages alone.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const NODE_MINIMUM = [20, 19];
const TASKS = [
  "packages",
  "build",
  "package",
  "deb",
  "single",
  "test",
  "demo",
  "soak",
  "bench",
  "bench-proxy",
];
const APT_TIMEOUT_MS = 10 * 60_000;
const POLICY = "/usr/sbin/policy-rc.d";
const POLICY_TEXT =
  "#!/bin/sh\n# fence test set-up: a package that is installed for tests starts no service\nexit 101\n";

function main() {
  const [task, ...args] = process.argv.slice(2);
  if (!TASKS.includes(task ?? "")) fail(`usage: node bin/prepare.mjs ${TASKS.join(" | ")}, with arguments`);
  requireNode();
  const obstacle = installNpmPackages(".");
  if (obstacle !== null) fail(obstacle);
  if (task === "packages") return;
  build();
  if (task === "test") installSystemPackages("test/needs.json");
  if (task === "package") becomeNode("bin/package.mjs", args);
  if (task === "deb") becomeNode("bin/deb.mjs", args);
  if (task === "single") becomeNode("bin/single.mjs", args);
  if (task === "demo") becomeNode("build/bench/demo.js", args);
  if (task === "soak") becomeNode("build/bench/soak.js", args);
  if (task === "bench") becomeNode("build/bench/live.js", args);
  if (task === "bench-proxy") {
    if (!args.includes("--quick") && !args.includes("--help")) installPeers();
    becomeNode("build/bench/proxy.js", args);
  }
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [needMajor, needMinor] = NODE_MINIMUM;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  fail(`fence needs Node.js ${NODE_MINIMUM.join(".")} or newer; this is ${process.versions.node}`);
}

/** `npm ci` in a folder of the project, only when what is installed there is not what the lock says. Null: all is there. */
function installNpmPackages(folder) {
  if (npmPackagesAreCurrent(folder)) return null;
  say(`installing npm packages (npm ci${folder === "." ? "" : ` in ${folder}`})`);
  // npm ci would empty the folder that a link points to, which is another clone's
  const modules = path.join(ROOT, folder, "node_modules");
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(modules);
  const args = ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"];
  const result = run("npm", args, { quiet: true });
  return result.status === 0 ? null : `npm ci failed\n${result.output}`;
}

/** What the proxy bench measures beside fence. What is missing then is told by the bench. */
function installPeers() {
  installSystemPackages("bench/needs.json");
  const obstacle = installNpmPackages("bench/peers");
  if (obstacle !== null) say(obstacle);
}

function npmPackagesAreCurrent(folder) {
  const wanted = readLock(`${folder}/package-lock.json`);
  const installed = readLock(`${folder}/node_modules/.package-lock.json`);
  if (wanted === null || installed === null) return false;
  return Object.entries(wanted).every(([name, entry]) => {
    if (name === "") return true;
    const there = installed[name];
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
  const result = run(process.execPath, ["bin/build.mjs"], { quiet: true });
  if (result.status !== 0) fail(`the build failed\n${result.output}`);
}

/** Installs what a file of needs lists and the machine lacks; only says so where it may not. */
function installSystemPackages(needsFile) {
  const packages = missingPackages(needsFile);
  if (packages.length === 0) return;
  const obstacle = whyNotApt();
  if (obstacle !== null) {
    say(`not installed: ${packages.join(" ")} (${obstacle}); what needs them is left out`);
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
    if (result.status !== 0) say(`apt-get failed; what needs these packages is left out\n${result.output}`);
  });
}

function whyNotApt() {
  if (process.env.FENCE_TEST_APT === "0") return "FENCE_TEST_APT=0";
  if (!existsSync("/etc/debian_version") || !existsSync("/usr/bin/apt-get")) return "not Debian";
  if (process.getuid?.() !== 0) return "not root";
  return null;
}

function missingPackages(needsFile) {
  const needs = JSON.parse(readFileSync(path.join(ROOT, needsFile), "utf8"));
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
