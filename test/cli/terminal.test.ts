import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { until } from "../support/world.js";
import { FENCE, inFolder } from "./run-fence.js";
import { writeRenderedSpec, writeSpec } from "./spec-fixture.js";

/** `script` of util-linux gives the child a terminal of its own; what is written to its stdin is typed. */
const SCRIPT = "/usr/bin/script";
const options = { skip: existsSync(SCRIPT) ? false : "needs script (bsdutils)" };

function onTerminal(args: readonly string[], env: Record<string, string> = {}) {
  // exec: a shell in between would end by the same Ctrl-C and hide the exit code.
  const command = `exec ${[process.execPath, FENCE, ...args].map((word) => `'${word}'`).join(" ")}`;
  const child = spawn(SCRIPT, ["-qefc", command, "/dev/null"], {
    env: { PATH: process.env["PATH"] ?? "", TERM: "xterm", LANG: "C.UTF-8", ...env },
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { text: () => text, type: (keys: string) => child.stdin.write(keys), ended };
}

/** The server of these specs does not run. */
const staged = ["--if-not-running", "stage"];

describe("on a terminal", options, () => {
  test("several sites are asked about, and the answer is no unless it is yes", async () => {
    await inFolder(async (folder) => {
      const file = writeSpec(folder, { sites: ["main", "shop"] });
      const run = onTerminal(["-c", file, "down", "main", "shop"]);
      await until("the question", () => run.text().includes("Take 2 sites down (main, shop)? [y/N]"));
      run.type("\r");
      assert.equal(await run.ended, 1);
      assert.match(run.text(), /nothing was changed/);
      assert.equal(existsSync(path.join(folder, "state")), false);
    });
  });

  test("yes goes on, and Ctrl-C at the question ends with 130", async () => {
    await inFolder(async (folder) => {
      const file = await writeRenderedSpec(folder, { sites: ["main", "shop"] });
      const stopped = onTerminal(["-c", file, "down", "--all"]);
      await until("the question", () => stopped.text().includes("[y/N]"));
      stopped.type("\u0003");
      assert.equal(await stopped.ended, 130);
      assert.equal(existsSync(path.join(folder, "state")), false);
      const agreed = onTerminal(["-c", file, "down", "--all", ...staged]);
      await until("the question", () => agreed.text().includes("[y/N]"));
      agreed.type("y\r");
      assert.equal(await agreed.ended, 0);
      assert.match(agreed.text(), /main will be .*down.* when its servers start/);
    });
  });

  test("--yes and FENCE_YES do not ask", async () => {
    await inFolder(async (folder) => {
      const file = await writeRenderedSpec(folder, { sites: ["main", "shop"] });
      assert.equal(await onTerminal(["-c", file, "down", "--all", "--yes", ...staged]).ended, 0);
      assert.equal(await onTerminal(["-c", file, "up", "--all", ...staged], { FENCE_YES: "1" }).ended, 0);
    });
  });

  test("--no-input and FENCE_NO_INPUT do not ask: names are enough, and --all takes --yes", async () => {
    await inFolder(async (folder) => {
      const file = await writeRenderedSpec(folder, { sites: ["main", "shop"] });
      const named = onTerminal(["-c", file, "--no-input", "down", "main", "shop", ...staged]);
      assert.equal(await named.ended, 0);
      assert.doesNotMatch(named.text(), /\[y\/N\]/);
      const all = onTerminal(["-c", file, "up", "--all", ...staged], { FENCE_NO_INPUT: "1" });
      assert.equal(await all.ended, 64);
      assert.match(all.text(), /give --yes as well, or name the sites/);
    });
  });

  test("status has colour, and none with NO_COLOR or TERM=dumb", async () => {
    await inFolder(async (folder) => {
      const file = writeSpec(folder);
      const shown = async (env: Record<string, string>): Promise<string> => {
        const run = onTerminal(["-c", file, "status"], env);
        assert.equal(await run.ended, 0);
        return run.text();
      };
      assert.match(await shown({}), /\u001b\[32mup\u001b\[39m/);
      assert.doesNotMatch(await shown({ NO_COLOR: "1" }), /\u001b/);
      assert.doesNotMatch(await shown({ TERM: "dumb" }), /\u001b/);
    });
  });

  test("status --watch shows the screens until Ctrl-C, also on a terminal without a size, and prints lines where TERM is dumb", async () => {
    await inFolder(async (folder) => {
      const run = onTerminal(["-c", writeSpec(folder), "status", "--watch"]);
      await until("a picture", () => /\u001b\[H[^]*main/.test(run.text()));
      run.type("\u0003");
      assert.equal(await run.ended, 0);
      const dumb = onTerminal(["-c", writeSpec(folder), "status", "--watch"], { TERM: "dumb" });
      await until("a line", () => dumb.text().includes("SERVERS"));
      dumb.type("\u0003");
      assert.equal(await dumb.ended, 0);
      assert.doesNotMatch(dumb.text(), /\u001b/);
    });
  });
});
