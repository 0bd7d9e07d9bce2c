import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { needs } from "../support/needs.js";
import { assertFails } from "./run-fence.js";
import { createWorld, until, type CliResult, type World } from "../support/world.js";

const json = (result: CliResult): Record<string, unknown> =>
  JSON.parse(result.stdout.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;

/** The output of a process so far, and how it ended. */
function follow(child: ChildProcess) {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr?.on("data", (chunk) => (stderr += String(chunk)));
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  return { stdout: () => stdout, stderr: () => stderr, ended };
}

for (const kind of ["nginx", "lighttpd"] as const) {
  describe(`a site's life on the command line, with a real ${kind}`, needs(kind, "root"), () => {
    let world: World;
    before(async () => {
      world = await createWorld({ kind });
    });
    after(() => world.end());

    const expectCode = async (code: number, ...args: string[]): Promise<CliResult> => {
      const result = await world.fence(...args);
      assert.equal(result.code, code, `fence ${args.join(" ")}: ${result.stdout}${result.stderr}`);
      return result;
    };

    test("check tests the config without writing anything", async () => {
      const { stdout } = await expectCode(0, "check");
      assert.match(stdout, /web: the server's own config test passes/);
      assert.equal(json(await expectCode(0, "check", "--json"))["schema"], "fence/check@1");
    });

    test("render --check and plan see that nothing is rendered", async () => {
      const { stdout } = await expectCode(2, "render", "--check");
      assert.match(stdout, new RegExp(`^\\+\\+\\+ b/web/${kind}\\.conf`, "m"));
      await expectCode(2, "plan", "--detailed-exitcode");
      await expectCode(0, "plan");
    });

    test("a spec that was never applied switches nothing", async () => {
      assertFails(await world.fence("down", "--if-not-running", "stage"), "not-applied", 1);
    });

    test("apply writes the config and an up variant; then there is no difference", async () => {
      const { stdout } = await expectCode(0, "apply");
      assert.match(stdout, /rendered is written\nmain is up \(generation 1, created\)\nweb does not run/);
      const command = kind === "nginx" ? "-c .*/rendered/web/nginx.conf" : "-f .*/rendered/web/lighttpd.conf";
      assert.match(stdout, new RegExp(`by hand: .*${kind} ${command}$`, "m"));
      assert.match((await expectCode(0, "apply")).stdout, /is up to date/);
      assert.equal((await expectCode(0, "render", "--check")).stdout, "");
      await expectCode(0, "plan", "--detailed-exitcode");
    });

    test("a switch while the server does not run is refused, or staged when asked to", async () => {
      assertFails(await world.fence("down"), "server-not-running", 1);
      const { stdout } = await expectCode(0, "down", "--if-not-running", "stage");
      assert.match(stdout, /^main will be down when its servers start/);
      await expectCode(4, "is", "down");
      assert.match((await expectCode(0, "status")).stdout, /web stopped/);
      await expectCode(2, "verify");
      await expectCode(0, "up", "--if-not-running", "stage");
    });

    test("the server starts up, and verify proves it", async () => {
      await world.start();
      await expectCode(0, "verify");
      assert.equal((await world.get()).status, 200);
      const { stdout } = await expectCode(0, "status");
      assert.match(stdout, /^main +up .* web (ok|✓)$/m);
    });

    test("down is proven, is and status say so, and a second down is no change", async () => {
      const { stdout } = await expectCode(0, "down", "--reason", "upgrade", "--for", "20m");
      assert.match(stdout, /^main is down \(generation \d+; proven on web in \d/);
      assert.equal((await world.get()).status, 503);
      assert.equal((await expectCode(0, "is", "down")).stdout, "");
      assert.equal((await expectCode(3, "is", "up", "main")).stdout, "");
      await expectCode(0, "wait", "down", "--timeout", "5s");
      await expectCode(3, "wait", "up", "--timeout", "300ms");
      assert.match((await expectCode(0, "down")).stdout, /^main is already down since /);
      const status = json(await expectCode(0, "status", "--json")) as {
        sites: Record<string, unknown>[];
      } & Record<string, unknown>;
      assert.equal(status["schema"], "fence/status@1");
      assert.equal(status.sites[0]?.["mode"], "down");
      assert.equal(status.sites[0]?.["reason"], "upgrade");
      assert.equal(status.sites[0]?.["verified"], true);
    });

    test("with --json a change is a line an event, and the result last", async () => {
      const { stdout, stderr } = await expectCode(0, "up", "--json");
      assert.equal(stderr, "");
      const lines = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const last = lines.pop();
      assert.equal(last?.["schema"], "fence/change@1");
      assert.equal(last?.["exit"], 0);
      assert.ok(lines.length > 3);
      for (const line of lines)
        assert.deepEqual(Object.keys(line), ["t", "ev", "phase", "site", "server", "text", "elapsedMs"]);
      assert.equal((await world.get()).status, 200);
    });

    test("history has it all, the newest last", async () => {
      const { stdout } = await expectCode(0, "history");
      assert.match(stdout, /up > down .* upgrade\n.*down > up/);
      const { entries } = json(await expectCode(0, "history", "--json", "-n", "1")) as {
        entries: { sites: { to: string }[] }[];
      };
      assert.deepEqual(
        entries.map((entry) => entry.sites[0]?.to),
        ["up"],
      );
    });

    test("verify tells a site that is still down past its announced end", async () => {
      await expectCode(0, "down", "--for", "1s");
      await until("the end to pass", async () => (await world.fence("verify", "--quiet")).code === 2);
      assert.match(
        (await expectCode(2, "verify", "--quiet")).stdout,
        /main on web: still down, past its announced end/,
      );
      await expectCode(0, "up");
      await expectCode(0, "verify");
    });

    test("the first Ctrl-C stops the wait in a stated mode, with 130", async () => {
      const child = world.fenceProcess("down", "--settle", "60s");
      const run = follow(child);
      await until("the switch", async () => (await world.get()).status === 503);
      child.kill("SIGHUP");
      child.kill("SIGINT");
      assert.equal((await run.ended).code, 130);
      assert.match(run.stderr(), /SIGINT/);
      assert.match(run.stdout(), /^main /m);
      const { sites } = json(await world.fence("status", "--json")) as { sites: { mode: string }[] };
      assert.equal((await world.get()).status, sites[0]?.mode === "down" ? 503 : 200);
      await expectCode(0, "up");
    });

    test("SIGTERM ends with 143", async () => {
      const child = world.fenceProcess("wait", "down", "--timeout", "60s");
      const run = follow(child);
      await until("the program to wait", () => run.stderr().includes("waiting until main is down"));
      child.kill("SIGTERM");
      assert.equal((await run.ended).code, 143);
      assertFails({ code: 143, stderr: run.stderr() }, "terminated", 143);
    });

    test("a change of wiring needs a reload, which apply --reload does and proves", async () => {
      const text = readFileSync(world.specFile, "utf8");
      writeFileSync(
        world.specFile,
        text.replace('hosts = ["main.test"]', 'hosts = ["main.test", "more.test"]'),
      );
      const plan = await expectCode(2, "plan", "--detailed-exitcode");
      assert.match(plan.stderr, /would have to reload: web/);
      const { stdout } = await expectCode(0, "apply", "--reload");
      assert.match(stdout, /web is reloaded/);
      await expectCode(0, "verify");
      await expectCode(0, "plan", "--detailed-exitcode");
    });

    test("a site that leaves the spec while it is down is told, and keeps its history and its mode", async () => {
      const text = readFileSync(world.specFile, "utf8");
      const more = `${text}\n[site.brief]\nhosts = ["brief.test"]\nupstream = "app"\n`;
      writeFileSync(world.specFile, more);
      await expectCode(0, "apply", "--reload");
      await expectCode(0, "down", "brief");
      writeFileSync(world.specFile, text);
      assert.match((await expectCode(0, "plan")).stderr, /brief is down and is no longer in the spec/);
      const { stdout } = await expectCode(0, "apply", "--reload");
      assert.match(stdout, /^brief was down and is no longer in the spec/m);
      assert.doesNotMatch((await expectCode(0, "apply")).stdout, /brief/);
      assert.match((await expectCode(0, "history", "brief")).stdout, /brief +up > down/);
      assertFails(await world.fence("history", "never"), "unknown-site", 64);
      writeFileSync(world.specFile, more);
      await expectCode(0, "apply", "--reload");
      await expectCode(0, "is", "down", "brief");
      writeFileSync(world.specFile, text);
      await expectCode(0, "apply", "--reload");
    });

    test("a main config that goes away is told before and after", async () => {
      const text = readFileSync(world.specFile, "utf8");
      writeFileSync(world.specFile, text.replace("[server.web]", '[server.web]\nconfig = "include"'));
      const main = new RegExp(`web/${kind}.conf would be removed`);
      assert.match((await expectCode(0, "plan")).stderr, main);
      assert.match((await expectCode(0, "apply")).stdout, new RegExp(`web/${kind}.conf is removed`));
      writeFileSync(world.specFile, text);
      await expectCode(0, "apply", "--reload");
      await expectCode(0, "plan", "--detailed-exitcode");
    });

    test("a config that the server refuses is never put in place", async () => {
      const text = readFileSync(world.specFile, "utf8");
      const tree = readFileSync(`${world.folder}/rendered/manifest.json`, "utf8");
      writeFileSync(world.specFile, text.replace('user = "www-data"', 'user = "nobody-of-this-name"'));
      const refused = await world.fence("apply");
      assertFails(refused, "config-test-failed", 1);
      if (kind === "nginx") assert.match(refused.stderr, /fence\.toml:\d+:\d+: error/);
      assert.equal(readFileSync(`${world.folder}/rendered/manifest.json`, "utf8"), tree);
      await expectCode(1, "check");
      writeFileSync(world.specFile, text);
    });

    test("a program that is not there is said before anything is written", async () => {
      const text = readFileSync(world.specFile, "utf8");
      writeFileSync(world.specFile, text.replace(/program = ".*"/, 'program = "/nowhere/server"'));
      assertFails(await world.fence("apply"), "server-not-found", 1);
      writeFileSync(world.specFile, text);
      await expectCode(0, "plan", "--detailed-exitcode");
    });

    if (kind === "nginx") {
      test("a reload that nginx does not take is said, and the old config serves on", async () => {
        const text = readFileSync(world.specFile, "utf8");
        // Its config test does not mind a port that is taken; a reload does.
        const taken = createServer();
        await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
        const { port } = taken.address() as AddressInfo;
        writeFileSync(
          world.specFile,
          text.replace(/^listen = \["(.*)"\]$/m, `listen = ["$1", "127.0.0.1:${port}"]`),
        );
        try {
          assertFails(await world.fence("apply", "--reload"), "reload-failed", 1);
          assert.equal((await world.get()).status, 200);
          assert.match((await expectCode(0, "plan")).stderr, /not reloaded yet: web/);
        } finally {
          taken.close();
          writeFileSync(world.specFile, text);
        }
        await expectCode(0, "apply", "--reload");
        await expectCode(0, "verify");
      });
    }

    test("doctor finds nothing in the way", async () => {
      const { stdout } = await expectCode(0, "doctor");
      assert.match(stdout, new RegExp(`web: /usr/sbin/${kind} 1\\.\\d+`));
      assert.match(stdout, /web: runs as process \d+/);
      assert.equal(json(await expectCode(0, "doctor", "--json"))["schema"], "fence/doctor@1");
    });
  });
}
