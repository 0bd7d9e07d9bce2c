import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { adapterOf } from "../../src/servers/registry.js";
import { configTest } from "../../src/verify/config-test.js";
import { observe } from "../../src/verify/observe.js";
import { createBypass } from "../../src/switch/bypass.js";
import { commit } from "../../src/switch/commit.js";
import { ask } from "../support/http-answer.js";
import { wallMs } from "../../src/base/clock.js";
import { BYPASS_PATH } from "../../src/base/bypass.js";
import { PROBE_PATH } from "../../src/servers/probe-path.js";
import { needs } from "../support/needs.js";
import { nginxSpec, renderInclude, siteOf, startNginx, type NginxKind } from "../support/nginx.js";
import { until } from "../support/world.js";
import { httpAt } from "../support/listen.js";

const run = promisify(execFile);
const PORTS = { nginx: 22060, "nginx-lua": 22070 } as const;

const start = (kind: NginxKind, port: number) =>
  startNginx((folder, backend) => {
    const listen = [httpAt(port)];
    return nginxSpec(kind, folder, backend.port, listen, [siteOf("main"), siteOf("new-one")]);
  });

for (const kind of ["nginx", "nginx-lua"] as const) {
  test(`${kind}: a look shows running, mode, generation and both workers`, needs(kind, "root"), async () => {
    const world = await start(kind, PORTS[kind]);
    try {
      const generation = await world.switchTo("main", { mode: "down" });
      const look = await observe(world.plan, world.point("main"));
      assert.deepEqual(
        [look.running, look.mode, look.generation, look.problems],
        ["yes", "down", generation, []],
      );
      assert.deepEqual(
        look.workers.map(({ pid, settled }) => [pid, settled]),
        world.workerPids().map((pid) => [pid, true]),
      );
    } finally {
      await world.end();
    }
  });

  test(
    `${kind}: the config test passes beside the running server and leaves it alone`,
    needs(kind, "root"),
    async () => {
      const world = await start(kind, PORTS[kind] + 1);
      try {
        const [server] = world.plan.spec.servers;
        assert.ok(server);
        const [pids, pidFile] = [world.workerPids(), readFileSync(server.pidFile, "utf8")];
        const result = await configTest(adapterOf(kind), server, join(world.plan.spec.outputDir, "web"));
        assert.deepEqual([result.result, result.output], ["passed", ""]);
        assert.deepEqual([world.workerPids(), readFileSync(server.pidFile, "utf8")], [pids, pidFile]);
        await world.switchTo("main", { mode: "down" });
        assert.equal((await ask({ port: PORTS[kind] + 1, host: "main.test" })).status, 503);
      } finally {
        await world.end();
      }
    },
  );

  test(`${kind}: a reload keeps the mode`, needs(kind, "root"), async () => {
    const port = PORTS[kind] + 2;
    const world = await start(kind, port);
    try {
      await world.switchTo("main", { mode: "down" });
      const before = world.workerPids();
      process.kill(world.masterPid(), "SIGHUP");
      await until("new workers", () => world.workerPids().every((pid) => !before.includes(pid)));
      assert.equal((await ask({ port, host: "main.test" })).status, 503);
      await world.switchTo("main", { mode: "up" });
      assert.equal((await ask({ port, host: "main.test" })).status, 200);
    } finally {
      await world.end();
    }
  });

  test(
    `${kind}: the include works in a config of the user's own, with Lua, error pages, limits and passwords of its own`,
    needs("nginx-lua", "root"),
    async () => {
      const port = PORTS[kind] + 3;
      const world = await start(kind, port);
      let master: number | null = null;
      try {
        const rendered = renderInclude(world.plan.spec, join(world.folder, "own"));
        const config = ownConfig(world.folder, rendered, port + 1);
        await run("nginx", ["-c", config]);
        const pid = Number(readFileSync(join(world.folder, "own.pid"), "utf8"));
        master = pid;
        const at = (path: string) => ask({ port: port + 1, host: "main.test", path });
        assert.deepEqual([(await at("/")).body, (await at("/lua")).body], ["live", "yes!\n"]);
        assert.match((await at(PROBE_PATH)).body, /"fence":"up"/);
        await world.switchTo("main", { mode: "down" });
        await until("the user's own nginx to be down", async () => (await at("/")).status === 503);
        const main = { name: "main", unhashed: kind === "nginx" };
        const { token } = createBypass(join(world.folder, "state"), main, "tester", wallMs(), 3_600_000);
        const staff = await ask({
          port: port + 1,
          host: "main.test",
          headers: { Cookie: `a=1; fence_bypass=${token}` },
        });
        assert.equal(staff.body, "live");
        assert.deepEqual([staff.headers["x-told"], staff.headers["x-cookie"]], ["down; bypass", "a=1"]);
        assert.equal((await at(`${BYPASS_PATH}${token}`)).headers["location"], "/");
        assert.equal((await at(`${BYPASS_PATH}x`)).status, 404);
        // More often than the limit allows.
        for (let times = 0; times < 3; times++) {
          const { body, headers } = await at("/lua");
          assert.match(body, /Down for maintenance/);
          assert.equal(headers["x-maintenance-mode"], "1");
        }
      } finally {
        if (master !== null) process.kill(master, "SIGTERM");
        await until("the user's own nginx to end", () => !existsSync(`/proc/${master}`));
        await world.end();
      }
    },
  );
}

/** A config of the user's own that includes the rendered gates; its own control socket, as both servers run at once. */
function ownConfig(folder: string, rendered: string, port: number): string {
  const gate = readFileSync(join(rendered, "gate.http.conf"), "utf8").replace("control.sock", "own.sock");
  writeFileSync(join(folder, "gate.http.conf"), gate);
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const config = `load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
user www-data; worker_processes 2; pid ${folder}/own.pid; error_log ${folder}/own.log; events { }
http {
  ${temp.join(" ")} access_log off;
  lua_package_path "/usr/share/lua/5.1/?.lua;;";
  init_by_lua_block { own = "yes" }
  init_worker_by_lua_block { own = own .. "!" }
  include ${folder}/gate.http.conf;
  error_page 503 /own.html;
  limit_req_zone $server_name zone=own_req:1m rate=1r/m;
  limit_conn_zone $server_name zone=own_conn:1m;
  server {
    listen 127.0.0.1:${port}; server_name main.test; root /nowhere;
    auth_basic closed; auth_basic_user_file /nonexistent; auth_request /closed;
    limit_req zone=own_req; limit_conn own_conn 1;
    include ${rendered}/gate.main.conf;
    location = /own.html { return 200 own; }
    location = /closed { internal; return 403; }
    location = /lua { auth_basic off; auth_request off; content_by_lua_block { ngx.say(own) } }
    location / {
      auth_basic off; error_page 503 /own.html;
      add_header X-Told $fence_main_told always; add_header X-Cookie $fence_cookie always;
      return 200 live;
    }
  }
}
`;
  const path = join(folder, "own.conf");
  writeFileSync(path, config);
  return path;
}

test(
  "nginx-lua: nobody asks for it, and the switch takes force all the same, also back",
  needs("nginx-lua", "root"),
  async () => {
    const port = PORTS["nginx-lua"] + 5;
    const world = await start("nginx-lua", port);
    const status = async () => (await ask({ port, host: "main.test" })).status;
    try {
      const probed = await ask({ port, host: "main.test", path: "/.well-known/fence/probe" });
      const { generation: old } = JSON.parse(probed.body) as { generation: number };
      const down = await world.switchTo("main", { mode: "down" });
      assert.equal(await status(), 503);
      commit(world.point("main"), old);
      await until("the older generation", async () => (await status()) === 200);
      commit(world.point("main"), down);
      await until("the newer generation", async () => (await status()) === 503);
    } finally {
      await world.end();
    }
  },
);

test(
  "nginx-lua: a site without any state is down, one whose state is lost keeps its mode",
  needs("nginx-lua", "root"),
  async () => {
    const port = PORTS["nginx-lua"] + 6;
    const world = await start("nginx-lua", port);
    try {
      rmSync(world.point("new-one").active);
      const bare = await ask({ port, host: "new-one.test" });
      assert.deepEqual([bare.status, bare.body, bare.headers["x-maintenance-mode"]], [503, "down\n", "1"]);
      assert.equal((await ask({ port, host: "main.test" })).status, 200);
      const state = join(world.plan.spec.stateDir, "servers");
      renameSync(state, `${state}.lost`);
      await world.sync("main");
      assert.equal((await ask({ port, host: "main.test" })).status, 200);
    } finally {
      await world.end();
    }
  },
);
