import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { needs } from "../support/needs.js";
import { createWorld, until, type CliResult, type World, type WorldOptions } from "../support/world.js";

async function inWorld(options: WorldOptions, use: (world: World) => Promise<void>): Promise<void> {
  const world = await createWorld(options);
  try {
    await succeeds(world, "apply");
    await use(world);
  } finally {
    await world.end();
  }
}

async function ends(code: number, world: World, ...args: string[]): Promise<CliResult> {
  const result = await world.fence(...args);
  assert.equal(result.code, code, `fence ${args.join(" ")}: ${result.stdout}${result.stderr}`);
  return result;
}

const succeeds = (world: World, ...args: string[]): Promise<CliResult> => ends(0, world, ...args);

/** Another config for the server, which it has to reload for. */
function edit(world: World): void {
  const text = readFileSync(world.specFile, "utf8");
  writeFileSync(world.specFile, text.replace('"main.test"', '"main.test", "www.main.test"'));
}

for (const kind of ["nginx", "nginx-lua"] as const) {
  test(`a site whose hold has expired is down behind a reload, on ${kind}`, needs(kind, "root"), () =>
    inWorld({ kind }, async (world) => {
      await world.start();
      await succeeds(world, "hold", "--for", "8s");
      await until("the hold to expire", async () => (await world.fence("is", "down")).code === 0);
      edit(world);
      const { stdout } = await succeeds(world, "apply", "--reload");
      assert.match(stdout, /^web is reloaded$/m);
      await succeeds(world, "up");
    }),
  );
}

test("plan tells by its exit code that a server has not reloaded yet", needs("nginx", "root"), () =>
  inWorld({ kind: "nginx" }, async (world) => {
    await world.start();
    await succeeds(world, "plan", "--detailed-exitcode");
    edit(world);
    await succeeds(world, "apply");
    const { stderr } = await ends(2, world, "plan", "--detailed-exitcode");
    assert.match(stderr, /is up to date, but not reloaded yet: web/);
    await succeeds(world, "plan");
    await succeeds(world, "apply", "--reload");
    await succeeds(world, "plan", "--detailed-exitcode");
  }),
);

test("a site was up before its first hold, whatever a gate had to do with it", needs("nginx", "root"), () =>
  inWorld({ kind: "nginx" }, async (world) => {
    await world.start();
    for (const command of ["hold", "release", "down", "hold", "up"]) await succeeds(world, command);
    const changes = (await succeeds(world, "history")).stdout.match(/\w+ > \w+/g);
    assert.deepEqual(changes, ["up > hold", "hold > up", "up > down", "down > hold", "hold > up"]);
  }),
);

test("lighttpd that would stand still in a reload is not reloaded", needs("lighttpd", "root"), () =>
  inWorld({ kind: "lighttpd" }, async (world) => {
    const args = ["-D", "-f", join(world.folder, "rendered/web/lighttpd.conf")];
    const server = spawn("/usr/sbin/lighttpd", args, { argv0: "lighttpd", detached: true, stdio: "ignore" });
    const ended = new Promise((resolve) => server.once("exit", resolve));
    try {
      const pidFile = join(world.folder, "run/web/server.pid");
      await until("its pid file", () => existsSync(pidFile) && readFileSync(pidFile, "utf8") !== "");
      await until("an answer", async () => (await world.fence("is", "up")).code === 0);
      edit(world);
      const why =
        "it would answer nobody until all requests under way have ended, as it was started as lighttpd";
      assert.ok((await succeeds(world, "apply")).stdout.includes(`as its service does; on a reload ${why}`));
      assert.ok((await succeeds(world, "doctor")).stdout.includes(`better restarted than reloaded: ${why}`));
      const { stderr } = await ends(1, world, "apply", "--reload");
      assert.ok(stderr.includes(`web was not reloaded: ${why}`));
      assert.equal((await world.get()).status, 200);
    } finally {
      server.kill("SIGTERM");
      await ended;
    }
  }),
);

test("servers that a failed reload of another keeps from theirs are named", needs("nginx", "root"), () =>
  inWorld(
    { kind: "nginx", siteLines: `[server.web2]\nkind = "nginx"\nlisten = ["127.0.0.1:1"]` },
    async (world) => {
      await world.start();
      // One process stands for both.
      writeFileSync(join(world.folder, "run/web2/server.pid"), String(world.masterPid()));
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
      try {
        const listen = `listen = ["127.0.0.1:${world.port}"`;
        const more = `${listen}, "127.0.0.1:${(taken.address() as AddressInfo).port}"`;
        writeFileSync(world.specFile, readFileSync(world.specFile, "utf8").replace(listen, more));
        edit(world);
        const { stderr } = await ends(1, world, "apply", "--reload");
        assert.match(stderr, /web started no new workers.*; not reloaded yet: web2$/ms);
      } finally {
        taken.close();
      }
    },
  ),
);
