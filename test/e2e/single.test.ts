import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { FENCE, ROOT, runProgram } from "../cli/run-fence.js";
import { needs } from "../support/needs.js";
import { worksAsAWhole } from "../support/whole-fence.js";

interface ElfNote {
  withNote: (program: Buffer, name: string, content: Buffer) => Buffer;
}

/** Debian's own Node has all that matters in a library beside it. */
const isOneFile = readFileSync(process.execPath).includes("NODE_SEA_FUSE_");
const { skip } = needs("root", "linux");
const options = { skip: skip !== false ? skip : isOneFile ? false : "needs a Node that is one file" };

describe("the single executable", options, () => {
  const folder = mkdtempSync(path.join(tmpdir(), "fence-single-"));
  const program = path.join(folder, "fence");

  const make = async (file: string): Promise<void> => {
    const { code, stderr } = await runProgram(process.execPath, [path.join(ROOT, "bin/single.mjs"), file]);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
  };
  /** On a host where nothing else is to be found. */
  const run = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runProgram(program, args, { cwd: folder, env: { PATH: folder } });
    assert.equal(code, 0, `fence ${args.join(" ")}: ${stdout}${stderr}`);
    assert.equal(stderr, "");
    return stdout;
  };

  before(() => make(program));
  after(() => rmSync(folder, { recursive: true, force: true }));

  worksAsAWhole(() => ({ program, words: program }));

  test("is one file that may be run, with every licence beside it", () => {
    assert.equal(statSync(program).mode & 0o777, 0o755);
    const { dependencies } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const licences = readFileSync(`${program}.THIRD-PARTY.md`, "utf8");
    for (const [name, version] of Object.entries(dependencies))
      assert.ok(licences.includes(`## ${name} ${version}\n`), name);
    assert.ok(licences.includes(`## Node.js ${process.version}\n`));
  });

  test("says what the fence of the sources says", async () => {
    for (const args of [
      ["--version"],
      ["--help"],
      ["man", "down"],
      ["completion", "bash"],
      ["schema"],
      ["help", "exit-codes"],
    ]) {
      const { stdout } = await runProgram(process.execPath, [FENCE, ...args]);
      assert.equal(await run(...args), stdout, args.join(" "));
    }
  });

  test("writes a spec, checks it and renders it", async () => {
    await run("-q", "init", "--kind", "proxy");
    await run("check");
    await run("render");
    assert.match(readFileSync(path.join(folder, "rendered/web/proxy.json"), "utf8"), /fence\/proxy@1/);
  });

  test("a program that may lie anywhere in memory is as it was with a note, and what is no program is refused", async () => {
    const { withNote } = (await import(pathToFileURL(path.join(ROOT, "bin/elf-note.mjs")).href)) as ElfNote;
    const echo = path.join(folder, "echo");
    const PIE = 3;
    const bytes = readFileSync("/bin/echo");
    assert.equal(bytes.readUInt16LE(16), PIE);
    const content = randomBytes(100_001);
    const made = withNote(bytes, "A_NOTE", content);
    assert.ok(made.includes(content));
    writeFileSync(echo, made, { mode: 0o755 });
    const { code, stdout } = await runProgram(echo, ["still", "here"]);
    assert.deepEqual([code, stdout], [0, "still here\n"]);
    assert.throws(() => withNote(Buffer.from("#!/bin/sh\n"), "A_NOTE", content), /not an ELF program/);
  });

  test("has the same bytes when it is made again", async () => {
    const digest = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");
    const again = path.join(folder, "again");
    await make(again);
    assert.equal(digest(again), digest(program));
  });
});
