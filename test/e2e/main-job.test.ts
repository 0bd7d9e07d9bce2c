import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { childrenOf } from "../../src/base/process-info.js";
import type { WebServerKind } from "../../src/spec/types.js";
import { needs, type Need } from "../support/needs.js";
import { createWorld, runFence, until, type World } from "../support/world.js";

/** The whole job on each real server through the fence program: switch, prove, survive, undo. */
const KINDS: readonly {
  kind: WebServerKind;
  need: Need;
  reload: NodeJS.Signals;
  serverLines: string;
  main: string;
}[] = [
  {
    kind: "lighttpd",
    need: "lighttpd",
    reload: "SIGUSR1",
    serverLines: "workers = 2",
    main: "lighttpd.conf",
  },
  { kind: "nginx-lua", need: "nginx-lua", reload: "SIGHUP", serverLines: "workers = 2", main: "nginx.conf" },
  { kind: "nginx", need: "nginx", reload: "SIGHUP", serverLines: "workers = 2", main: "nginx.conf" },
  { kind: "proxy", need: "linux", reload: "SIGHUP", serverLines: "", main: "" },
];

for (const { kind, need, reload, serverLines, main } of KINDS) {
  describe(`fence with ${kind}`, needs("root", need), () => {
    let world: World;

    before(async () => {
      world = await createWorld({ kind, serverLines, siteLines: '[site.main.settle]\ntimeout = "3s"' });
      const applied = await world.fence("apply");
      assert.equal(applied.code, 0, applied.stderr);
      await world.start();
    });
    after(() => world.end());

    const is = async (mode: string): Promise<number | null> => (await world.fence("is", mode)).code;

    test("down is proven, up is proven, and both are done already when asked again", async () => {
      for (const mode of ["down", "up"]) {
        const done = await world.fence(mode, "main");
        assert.equal(done.code, 0, done.stderr);
        assert.equal((await world.get()).status, mode === "down" ? 503 : 200);
        assert.equal(await is(mode), 0);
        const again = await world.fence(mode, "main");
        assert.equal(again.code, 0, again.stderr);
        assert.match(again.stdout + again.stderr, /already/);
      }
    });

    test("A mode survives a reload and a restart of the server", async () => {
      for (const mode of ["down", "up"]) {
        const status = mode === "down" ? 503 : 200;
        assert.equal((await world.fence(mode, "main")).code, 0);
        const old = childrenOf(world.masterPid());
        process.kill(world.masterPid(), reload);
        await until("new workers", () => {
          const now = childrenOf(world.masterPid());
          return now.length === old.length && now.every((pid) => !old.includes(pid));
        });
        await until(`${mode} to be proven after a reload`, async () => (await is(mode)) === 0);
        assert.equal((await world.get()).status, status);
        await world.stop();
        await world.start();
        assert.equal((await world.get()).status, status, "after a restart");
        await until(`${mode} to be proven after a restart`, async () => (await is(mode)) === 0);
      }
    });

    test("A server that does not run is told; --if-not-running=stage prepares the mode for its start", async () => {
      await world.stop();
      const refused = await world.fence("down", "main");
      assert.equal(refused.code, 1, `without an option nothing is staged: ${refused.stderr}`);
      assert.match(refused.stderr, /not run/);
      assert.equal(
        (await world.fence("is", "down")).code === 0,
        false,
        "a mode that nobody sees is not in force",
      );
      const staged = await world.fence("down", "main", "--if-not-running", "stage");
      assert.equal(staged.code, 0, staged.stderr);
      await world.start();
      assert.equal((await world.get()).status, 503);
      await until("down to be seen", async () => (await is("down")) === 0);
      assert.equal((await world.fence("up", "main")).code, 0);
    });

    test("A server that runs another config is not believed", async () => {
      await world.stop();
      await world.start(kind === "proxy" ? await otherSpec(world) : otherConfig(world, main));
      try {
        const done = await world.fence("down", "main");
        // The proxy of the other spec shows what the switch is undone to.
        assert.equal(done.code, kind === "proxy" ? 8 : 7, done.stderr);
        assert.equal((await world.get()).status, 200, "clients still get what that config gives them");
        assert.match(done.stderr, /without a mark of fence|control\.sock|older variant/);
      } finally {
        await world.stop();
        await world.start();
      }
      await until("up to be seen again", async () => (await is("up")) === 0);
    });

    // The proxy runs as root here, whom no mode keeps out.
    if (kind !== "proxy") {
      test("A state folder that the workers may not enter is refused before anything changes", async () => {
        const state = join(world.folder, "state");
        chmodSync(state, 0o700);
        try {
          const done = await world.fence("down", "main");
          assert.equal(done.code, 77, done.stderr);
          assert.match(done.stderr, /may not enter/);
          assert.ok(done.stderr.includes("variant-unreadable"), done.stderr);
        } finally {
          chmodSync(state, 0o755);
        }
        await until("up to be seen", async () => (await is("up")) === 0);
      });
    }

    test("A variant that someone else puts in its place is noticed", async () => {
      const active = join(world.folder, "state/servers/web", kind === "lighttpd" ? "main.lua" : "main");
      assert.equal((await world.fence("down", "main")).code, 0);
      if (kind === "lighttpd") {
        copyFileSync(join(world.folder, "rendered/web/variants/main.up.lua"), `${active}.theirs`);
        renameSync(`${active}.theirs`, active);
      } else {
        const folder = join(world.folder, "state/servers/web");
        const generations = readdirSync(folder).filter((name) => /^main\.\d+$/.test(name));
        const up = generations.find((name) =>
          / variant=up /.test(readFileSync(join(folder, name, "variant"), "utf8")),
        );
        assert.ok(up);
        rmSync(active);
        symlinkSync(up, active);
      }
      await until("the other variant to be served", async () => (await world.get()).status === 200);
      const status = await world.fence("status");
      assert.match(status.stdout + status.stderr, /main on web: /, "status says that they differ");
      assert.notEqual(await is("down"), 0);
      const again = await world.fence("down", "main");
      assert.equal(again.code, 0, again.stderr);
      assert.equal((await world.get()).status, 503);
      assert.equal((await world.fence("up", "main")).code, 0);
    });

    // nginx's workers look at the flag, or at shared memory, for each request: none of them can be left behind.
    if (kind === "lighttpd") {
      test("A worker that is stuck on the old variant is not passed over", async () => {
        const [stuck] = childrenOf(world.masterPid());
        assert.ok(stuck);
        process.kill(stuck, "SIGSTOP");
        try {
          const running = world.fenceProcess("down", "main");
          let output = "";
          running.stderr?.on("data", (chunk) => {
            output += String(chunk);
            if (/put.* back|undo/i.test(output)) process.kill(stuck, "SIGCONT");
          });
          const code = await new Promise((resolve) => running.on("close", resolve));
          assert.equal(code, 8, output);
          assert.match(output, new RegExp(`worker ${stuck}`));
        } finally {
          process.kill(stuck, "SIGCONT");
        }
        await until("up to be seen", async () => (await is("up")) === 0);
        assert.equal((await world.get()).status, 200);
      });
    }
  });
}

/** A main config that fence has not written, on the same port and with the same pid file. */
function otherConfig(world: World, main: string): string {
  const other = join(world.folder, `other-${main}`);
  const pidFile = join(world.folder, "run/web/server.pid");
  const [, backend = ""] =
    /backends = \["127\.0\.0\.1:(\d+)"\]/.exec(readFileSync(world.specFile, "utf8")) ?? [];
  const lighttpd = `server.modules = ("mod_proxy")
server.document-root = "/"
server.bind = "127.0.0.1"
server.port = ${world.port}
server.max-worker = 2
server.pid-file = "${pidFile}"
proxy.server = ("" => (("host" => "127.0.0.1", "port" => ${backend})))
`;
  const nginx = `pid ${pidFile};
error_log stderr;
events { }
http {
  access_log off;
  server {
    listen 127.0.0.1:${world.port};
    location / { proxy_pass http://127.0.0.1:${backend}; }
  }
}
`;
  writeFileSync(other, main.startsWith("lighttpd") ? lighttpd : nginx);
  return other;
}

/** The same spec with another state folder, in which the site is up. */
async function otherSpec(world: World): Promise<string> {
  const state = join(world.folder, "state");
  cpSync(state, `${state}-other`, { recursive: true, verbatimSymlinks: true });
  const other = join(world.folder, "other.toml");
  const text = readFileSync(world.specFile, "utf8");
  writeFileSync(
    other,
    text.replace(`"${state}"`, `"${state}-other"`).replace('/rendered"', '/rendered-other"'),
  );
  const rendered = await runFence(["-c", other, "render"]);
  assert.equal(rendered.code, 0, rendered.stderr);
  return other;
}
