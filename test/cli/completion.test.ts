import assert from "node:assert/strict";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { candidates, type Candidate, type FILES } from "../../src/cli/completion.js";
import { createProgram } from "../../src/cli/program.js";
import { needs } from "../support/needs.js";
import { FENCE, fence, inFolder, runProgram } from "./run-fence.js";
import { writeSpec } from "./spec-fixture.js";

const program = createProgram(() => Promise.resolve());
const NAMES = { sites: ["main", "mail", "shop"], servers: ["web"] };

function wordsFor(...words: string[]): string[] | typeof FILES {
  const found = candidates(program, words, NAMES);
  return typeof found === "string" ? found : found.map(({ word }: Candidate) => word);
}

describe("what a word may become", () => {
  test("a command, with its summary", () => {
    assert.deepEqual(candidates(program, ["dow"], NAMES), [
      { word: "down", description: "take sites down: clients get the maintenance answer" },
    ]);
    assert.ok(wordsFor("").length > 15);
  });

  test("a site of the spec, and none that is named already", () => {
    assert.deepEqual(wordsFor("down", "ma"), ["main", "mail"]);
    assert.deepEqual(wordsFor("down", "main", ""), ["mail", "shop"]);
    assert.deepEqual(wordsFor("down", "--for", "20m", "--yes", "s"), ["shop"]);
  });

  test("a mode, an action, a server, a topic", () => {
    assert.deepEqual(wordsFor("is", "h"), ["hold"]);
    assert.deepEqual(wordsFor("is", "hold", "s"), ["shop"]);
    assert.deepEqual(wordsFor("is", "hold", "shop", ""), []);
    assert.deepEqual(wordsFor("proxy", "up"), ["upgrade"]);
    assert.deepEqual(wordsFor("proxy", "reload", ""), ["web"]);
    assert.deepEqual(wordsFor("help", "exit"), ["exit-codes"]);
    assert.deepEqual(wordsFor("help", "env"), ["environment"]);
    assert.deepEqual(wordsFor("man", "e"), ["expire", "explain"]);
  });

  test("an option, of fence or of the command", () => {
    assert.deepEqual(wordsFor("--verb"), ["--verbose"]);
    assert.deepEqual(wordsFor("down", "--dry"), ["--dry-run"]);
  });

  test("a value of an option that has few, also behind = and also as bash splits it", () => {
    assert.deepEqual(wordsFor("run", "--mode", ""), ["hold", "down", "none"]);
    assert.deepEqual(wordsFor("run", "--mode=h"), ["--mode=hold"]);
    assert.deepEqual(wordsFor("run", "--mode", "=", "h"), ["hold"]);
    assert.deepEqual(wordsFor("run", "--mode", "="), ["hold", "down", "none"]);
    assert.deepEqual(wordsFor("down", "--for", ""), []);
    assert.deepEqual(wordsFor("down", "--for="), []);
  });

  test("a file, where one is meant, and what follows --", () => {
    assert.equal(wordsFor("-c", ""), "files");
    assert.equal(wordsFor("down", "--config=/et"), "files");
    assert.equal(wordsFor("run", "main", "--", "make", "-"), "files");
  });
});

/** A folder with a spec of two sites, and `fence` as a command of the PATH. */
async function withSites<T>(use: (folder: string, env: Record<string, string>) => Promise<T>): Promise<T> {
  return inFolder(async (folder) => {
    writeSpec(folder, { sites: ["main", "shop"] });
    const program = path.join(folder, "fence");
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${FENCE}' "$@"\n`);
    chmodSync(program, 0o755);
    return use(folder, { PATH: `${folder}:${process.env["PATH"] ?? ""}`, HOME: folder });
  });
}

/** Lines of the completion of each command line, by a real shell that has loaded the real script. */
const SHELLS = {
  bash: {
    program: "bash",
    args: ["--norc", "-c"],
    script: (words: string[]) => `
      source <(fence completion bash)
      COMP_WORDS=(fence ${words.map(quote).join(" ")}); COMP_CWORD=${words.length}
      _fence; printf '%s\\n' "\${COMPREPLY[@]}"`,
  },
  zsh: {
    program: "zsh",
    args: ["-f", "-c"],
    script: (words: string[]) => `
      compdef() { :; }; _files() { print FILES; }; _describe() { print -l -- "\${(@)described%%:*}"; }
      source <(fence completion zsh)
      words=(fence ${words.map(quote).join(" ")}); CURRENT=${words.length + 1}
      _fence`,
  },
  fish: {
    program: "fish",
    args: ["--no-config", "-c"],
    script: (words: string[]) => `
      fence completion fish | source
      complete -C ${quote(["fence", ...words].join(" "))} | string replace -r '\\t.*' ''`,
  },
};

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

for (const [shell, { program, args, script }] of Object.entries(SHELLS)) {
  describe(`completion in ${shell}`, needs("linux", "completion-shells"), () => {
    const ask = (words: string[]) =>
      withSites(async (folder, env) => {
        const { stdout, stderr } = await runProgram(program, [...args, script(words)], { cwd: folder, env });
        assert.equal(stderr, "");
        return stdout.trim().split("\n");
      });

    test("commands, options and the sites of the spec", async () => {
      assert.deepEqual(await ask(["dow"]), ["down"]);
      assert.deepEqual(await ask(["down", "--ti"]), ["--timeout"]);
      assert.deepEqual(await ask(["down", ""]), ["main", "shop"]);
      assert.deepEqual(await ask(["down", "main", ""]), ["shop"]);
    });

    test("nothing that is typed is run", async () => {
      await withSites(async (folder, env) => {
        const words = ["down", "$(touch evil)", "`touch evil`", ""];
        await runProgram(program, [...args, script(words)], { cwd: folder, env });
        assert.equal(existsSync(path.join(folder, "evil")), false);
      });
    });
  });
}

test("a spec that is broken or not there leaves commands, and says nothing", async () => {
  await inFolder(async (folder) => {
    assert.deepEqual(await fence(["complete", "--", "down", ""], { cwd: folder, env: { HOME: folder } }), {
      code: 0,
      signal: null,
      stdout: "",
      stderr: "",
    });
    writeFileSync(path.join(folder, "fence.toml"), "[[[");
    const { code, stdout, stderr } = await fence(["complete", "--", "dow"], { cwd: folder });
    assert.deepEqual([code, stdout.split("\t")[0], stderr], [0, "down", ""]);
  });
});

test("a shell that fence has no script for is a wrong use", async () => {
  const { code, stderr } = await fence(["completion", "tcsh"]);
  assert.equal(code, 64);
  assert.match(stderr, /bash, zsh, fish/);
});
