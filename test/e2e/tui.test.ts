import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { childrenOf } from "../../src/base/process-info.js";
import { needs } from "../support/needs.js";
import { Tmux } from "../support/tmux.js";
import { createWorld, FENCE, until, type World } from "../support/world.js";

/** Throws in the running program: a defect that nothing catches. */
const CRASH = `process.on("SIGUSR2", () => { throw new Error("a defect"); });\n`;

describe("fence tui in a real terminal", needs("tmux", "linux"), () => {
  let world: World;

  before(async () => {
    world = await createWorld({ kind: "proxy" });
    assert.equal((await world.fence("apply")).code, 0);
    await world.start();
    writeFileSync(join(world.folder, "crash.mjs"), CRASH);
  });
  after(() => world.end());

  /** Runs a test in a terminal in which fence is started by `line`, and the exit code printed. */
  async function inTerminal(
    words: string,
    use: (tmux: Tmux) => Promise<void>,
    {
      columns = 80,
      rows = 24,
      env = {},
    }: { columns?: number; rows?: number; env?: Record<string, string> } = {},
  ): Promise<void> {
    const tmux = await new Tmux().open(columns, rows, { LANG: "C.UTF-8", ...env });
    try {
      await tmux.type(`stty -a > ${world.folder}/before`);
      await tmux.type(
        `clear; ${process.execPath} ${FENCE} -c ${world.specFile} ${words}; echo "ended with $?"`,
      );
      await use(tmux);
    } finally {
      await tmux.close();
    }
  }

  /** The terminal is as it was before fence had it. */
  async function assertRestored(tmux: Tmux, code: number): Promise<void> {
    await tmux.shows("the exit code", new RegExp(`^ended with ${code}$`, "m"));
    assert.equal(await tmux.value("alternate_on"), "0");
    assert.equal(await tmux.value("cursor_flag"), "1");
    await tmux.type(`stty -a > ${world.folder}/after; echo "looked again"`);
    await tmux.shows("what stty says", /^looked again$/m);
    const settings = (name: string): string => readFileSync(join(world.folder, name), "utf8");
    assert.equal(settings("after"), settings("before"));
  }

  async function pidOf(tmux: Tmux): Promise<number> {
    const [pid] = childrenOf(Number(await tmux.value("pane_pid")));
    assert.ok(pid !== undefined);
    return pid;
  }

  const isMode = async (mode: string): Promise<boolean> => (await world.fence("is", mode, "main")).code === 0;

  test("d takes the site down and u brings it up, at 40x10 as well, and q gives the terminal back", async () => {
    await inTerminal("tui", async (tmux) => {
      await tmux.shows("the site, up and proven", /^> main +○ up .*✓ 1\/1/m);
      assert.equal(await tmux.value("alternate_on"), "1");
      assert.equal(await tmux.value("cursor_flag"), "0");
      await tmux.resize(40, 10);
      await tmux.shows("the narrow list", /^ {2}SITE +MODE +FOR +PROOF$/m);
      await tmux.press("d");
      await tmux.shows("the question", /Take main down\?[^]*\[No\]/);
      await tmux.press("Tab");
      await tmux.shows("the other answer", /\[Take it down\]/);
      assert.ok(await isMode("up"));
      await tmux.press("Enter");
      await tmux.shows("what came of it", /main is down[^]*exit code 0/);
      assert.ok(await isMode("down"));
      assert.equal((await world.get()).status, 503);
      await tmux.press("Escape");
      await tmux.shows("the site, down and proven", /^> main +● down .*✓ 1\/1/m);
      await tmux.resize(80, 24);
      await tmux.shows("the wide list", /REQ\/S/);
      await tmux.press("u");
      await tmux.shows("the question", /Bring main up\?/);
      await tmux.press("Right");
      await tmux.shows("the other answer", /\[Bring it up\]/);
      await tmux.press("Enter");
      const screen = await tmux.shows("what came of it", /main is up[^]*exit code 0/);
      for (const step of ["lock", "stage", "commit", "settle", "proof"])
        assert.match(screen, new RegExp(`^✓ ${step} `, "m"));
      assert.ok(await isMode("up"));
      const history = JSON.parse((await world.fence("history", "--json")).stdout) as {
        entries: { command: string }[];
      };
      assert.match(history.entries.at(-1)?.command ?? "", /tui: fence -c \/\S+ up main$/);
      await tmux.press("q");
      await assertRestored(tmux, 0);
      assert.doesNotMatch(await tmux.screen(), /exit code 0/);
    });
  });

  test("w and e tell clients why and until when; h holds and r releases; each is in the history", async () => {
    await inTerminal("tui", async (tmux) => {
      await tmux.shows("the site", /^> main/m);
      await tmux.press("d");
      await tmux.shows("the question", /Take main down\?/);
      await tmux.press("w");
      await tmux.shows("where the reason goes", /^Why: _/m);
      await tmux.type("database upgrade");
      await tmux.shows("the reason in the command", /--reason\s+'database\s+upgrade'/);
      await tmux.press("e");
      await tmux.shows("where the end goes", /^Expected back in .*: _/m);
      await tmux.type("20m");
      await tmux.shows("the end in the command", /--for\s+20m/);
      await tmux.press("Tab", "Enter");
      await tmux.shows("what came of it", /main is down[^]*exit code 0/);
      const { body, headers } = await world.get("/", { Accept: "text/plain" });
      assert.match(body, /database upgrade/);
      assert.ok(Number(headers["retry-after"]) > 1000, headers["retry-after"]);
      await tmux.press("Escape");
      for (const [key, before, question, after] of [
        ["u", "down", "Bring main up", "main is up"],
        ["h", "up", "Hold the requests of main", "main is held"],
        ["r", "hold", "Let the requests of main go on", "main is up"],
      ] as const) {
        await tmux.shows("the site as it is now", new RegExp(`^> main +\\S ${before} `, "m"));
        await tmux.press(key);
        await tmux.shows("the question", new RegExp(question));
        await tmux.press("Tab", "Enter");
        await tmux.shows("what came of it", new RegExp(`${after}[^]*exit code 0`));
        await tmux.press("Escape");
      }
      const { stdout } = await world.fence("history", "--json");
      const { entries } = JSON.parse(stdout) as { entries: { why: string; sites: { to: string }[] }[] };
      assert.deepEqual(
        entries.slice(-4).map(({ why, sites }) => [sites[0]?.to, why]),
        [
          ["down", "database upgrade"],
          ["up", ""],
          ["hold", ""],
          ["up", ""],
        ],
      );
      await tmux.press("q");
    });
  });

  test("Enter shows a site's servers, / a part of the list, t what was changed, and Escape leads back", async () => {
    await inTerminal("tui", async (tmux) => {
      await tmux.shows("the site", /^> main/m);
      await tmux.press("j", "k", "Down", "Up", "Enter");
      await tmux.shows("its servers", /^esc back/m);
      await tmux.press("Escape");
      await tmux.shows("the list", /^> main/m);
      await tmux.press("/");
      await tmux.type("nothing");
      await tmux.shows("no site", /only \/nothing/);
      assert.doesNotMatch(await tmux.screen(), /^> main/m);
      await tmux.press("Escape");
      await tmux.shows("the list", /^> main/m);
      await tmux.press("t");
      await tmux.shows("what was changed", /database upgrade/);
      await tmux.press("q");
      await assertRestored(tmux, 0);
    });
  });

  test("the proxy's requests are counted, without fence's own", async () => {
    await inTerminal("tui", async (tmux) => {
      await tmux.shows("a first rate", /^> main .* 0 +▁/m);
      await until("a rate", async () => {
        for (let count = 0; count < 20; count += 1) await world.get();
        return /^> main .* \d[\d.]* +[▁-█]*[▂-█]/m.test(await tmux.screen());
      });
    });
  });

  test("y sends the command line to the clipboard, and what is pasted is no key", async () => {
    await inTerminal("tui", async (tmux) => {
      await tmux.shows("the site", /^> main/m);
      await tmux.paste("d\td\r");
      await tmux.press("?");
      await tmux.shows("the help", /copy the command line/);
      await tmux.press("Escape");
      await tmux.shows("the list", /^> main/m);
      await tmux.press("d");
      await tmux.shows("the question", /Take main down\?/);
      await tmux.press("y");
      await tmux.shows("that it is copied", /clipboard/);
      const command = `fence -c ${world.specFile} down main`;
      await until("the clipboard", async () => (await tmux.clipboard()) === command);
      await tmux.press("Enter");
      await tmux.shows("the list", /nothing was changed/);
      assert.ok(await isMode("up"));
    });
  });

  test("a defect gives the terminal back, and is told on it", async () => {
    const env = { NODE_OPTIONS: `--import=${world.folder}/crash.mjs` };
    await inTerminal(
      "tui",
      async (tmux) => {
        await tmux.shows("the site", /^> main/m);
        process.kill(await pidOf(tmux), "SIGUSR2");
        await assertRestored(tmux, 1);
        assert.match(await tmux.screen(), /Error: a defect/);
      },
      { env },
    );
  });

  test("SIGTERM and SIGHUP give the terminal back, with exit code 143", async () => {
    for (const signal of ["SIGTERM", "SIGHUP"] as const)
      await inTerminal("tui", async (tmux) => {
        await tmux.shows("the site", /^> main/m);
        process.kill(await pidOf(tmux), signal);
        await assertRestored(tmux, 143);
      });
  });

  test("read-only, and status --watch, change nothing", async () => {
    for (const words of ["tui --read-only", "status --watch main"])
      await inTerminal(words, async (tmux) => {
        await tmux.shows("the site", /read-only[^]*^> main/m);
        await tmux.press("d");
        await tmux.shows("the refusal", /read-only: nothing can be changed/);
        await tmux.press("C-c");
        await assertRestored(tmux, 0);
      });
  });

  test("NO_COLOR leaves no colour, and a terminal without UTF-8 gets ASCII", async () => {
    await inTerminal("tui", async (tmux) => {
      await tmux.shows("the site", /^> main/m);
      assert.match(await tmux.coloured(), /\u001b\[32m/);
    });
    const plain = { NO_COLOR: "1", LANG: "C", LC_ALL: "C" };
    await inTerminal(
      "tui",
      async (tmux) => {
        const screen = await tmux.shows("the site", /^> main +o up .*ok 1\/1/m);
        assert.match(screen, /^[\n -~]*$/);
        assert.doesNotMatch(await tmux.coloured(), /\u001b\[/);
      },
      { env: plain },
    );
  });

  test("for a screen reader it prints sentences, each once", async () => {
    const spoken = { INK_SCREEN_READER: "true" };
    await inTerminal(
      "tui",
      async (tmux) => {
        await tmux.shows("the site", /^Site main: up .*proven on 1 of 1 servers\.$/m);
        assert.equal(await tmux.value("alternate_on"), "0");
        await tmux.press("d");
        await tmux.shows("the question", /^Take main down\?$/m);
        await tmux.press("Escape");
        await tmux.shows("the answer", /^nothing was changed$/m);
        const screen = await tmux.screen();
        assert.equal(screen.match(/^Selected: main/gm)?.length, 2);
        await tmux.press("q");
        await assertRestored(tmux, 0);
      },
      { env: spoken },
    );
  });

  test("a change that cannot be tells why, with the exit code of the command", async () => {
    await world.stop();
    await inTerminal("tui", async (tmux) => {
      await tmux.shows("the site, not proven", /^> main +○ up .* n\/a +n\/a +n\/a +! 0\/1/m);
      await tmux.press("d");
      await tmux.shows("the question", /Take main down\?/);
      await tmux.press("Tab");
      await tmux.shows("the other answer", /\[Take it down\]/);
      await tmux.press("Enter");
      await tmux.shows("why not", /web[^\n]* not running[^]*exit code 1$/m);
      await tmux.press("q");
      await assertRestored(tmux, 0);
    });
  });
});
