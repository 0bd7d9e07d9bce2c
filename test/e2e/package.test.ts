import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { ROOT, runProgram } from "../cli/run-fence.js";
import { needs } from "../support/needs.js";
import { worksAsAWhole } from "../support/whole-fence.js";

/** What bin/package.mjs takes from a checkout. */
const SOURCES = [
  "bin",
  "build/src",
  "templates",
  "schema",
  "docs",
  "package.json",
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
];
describe("the package", needs("root"), () => {
  const folder = mkdtempSync(path.join(tmpdir(), "fence-package-"));
  const installed = path.join(folder, "host/lib/node_modules/fence");
  const program = path.join(installed, "bin/fence.js");
  let file: string;

  const run = async (...words: readonly string[]): Promise<string> => {
    const [name = "", ...args] = words;
    const { code, stdout, stderr } = await runProgram(name, args, { env: { HOME: folder } });
    assert.equal(code, 0, `${words.join(" ")}: ${stdout}${stderr}`);
    return stdout.trim();
  };
  const packed = (root: string, out: string): Promise<string> =>
    run(process.execPath, path.join(root, "bin/package.mjs"), path.join(folder, out));

  before(async () => {
    file = await packed(ROOT, "one");
    await run("npm", "install", "--global", "--offline", "--prefix", path.join(folder, "host"), file);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("has the same bytes wherever it is built", async () => {
    const other = path.join(folder, "checkout");
    mkdirSync(other);
    for (const name of SOURCES) cpSync(path.join(ROOT, name), path.join(other, name), { recursive: true });
    symlinkSync(path.join(ROOT, "node_modules"), path.join(other, "node_modules"));
    const digest = (name: string): string => createHash("sha256").update(readFileSync(name)).digest("hex");
    assert.equal(digest(await packed(other, "two")), digest(file));
  });

  test("is installed without a network and brings all it needs, with every licence", () => {
    assert.deepEqual(readdirSync(path.dirname(installed)), ["fence"]);
    const manifest = JSON.parse(readFileSync(path.join(installed, "package.json"), "utf8")) as object;
    assert.equal("dependencies" in manifest, false);
    const { dependencies } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const licences = readFileSync(path.join(installed, "THIRD-PARTY.md"), "utf8");
    for (const [name, version] of Object.entries(dependencies))
      assert.ok(licences.includes(`## ${name} ${version}\n`), name);
  });

  worksAsAWhole(() => ({ program, words: `${process.execPath} ${program}` }));

  test("tells its version, its manual and its completion", async () => {
    assert.match(await run(path.join(folder, "host/bin/fence"), "--version"), /^\d+\.\d+\.\d+$/);
    assert.match(await run(process.execPath, program, "completion", "bash"), /complete -F/);
    assert.match(await run(process.execPath, program, "man", "down"), /^\.TH/m);
  });
});
