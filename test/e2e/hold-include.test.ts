import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { GATE_MARK } from "../../src/servers/gate-doors.js";
import { sync } from "../../src/verify/control-sync.js";
import { startCountingBackend } from "../support/counting-backend.js";
import { sendMany } from "../support/hold-clients.js";
import { needs } from "../support/needs.js";
import { createWorld, freePort, until } from "../support/world.js";

describe("A hold in a config of the user's own", () => {
  for (const workers of [0, 2]) {
    test(
      `lighttpd holds with ${workers} workers, and nothing is lost`,
      needs("lighttpd", "root"),
      async () => {
        const backend = await startCountingBackend(await freePort());
        const serverLines = `workers = ${workers}\nconfig = "include"`;
        const world = await createWorld({ kind: "lighttpd", serverLines, backendPort: backend.port });
        const done = async (...args: string[]): Promise<void> => {
          const { code, stdout, stderr } = await world.fence(...args);
          assert.equal(code, 0, `${args.join(" ")}: ${stdout}${stderr}`);
        };
        const own = `${world.folder}/own.conf`;
        writeFileSync(
          own,
          `server.modules = ( "mod_access", "mod_redirect", "mod_proxy" )
server.document-root = "/nonexistent"
server.pid-file = "${world.folder}/run/web/server.pid"
server.bind = "127.0.0.1"
server.port = ${world.port}
server.username = "www-data"
${workers > 0 ? `server.max-worker = ${workers}` : ""}
$HTTP["host"] == "main.test" {
  proxy.server = ( "" => ( "own" => ( "host" => "127.0.0.1", "port" => ${backend.port} ) ) )
}
$HTTP["host"] =~ "(^|\\.)main\\.test$" {
  $HTTP["url"] =~ "^/secret" { url.access-deny = ( "" ) }
  url.redirect = ( "^/moved(.*)" => "http://\${url.authority}/there$1" )
}
include "${world.folder}/rendered/web/gate.conf"
`,
        );
        try {
          await done("apply");
          await world.start(own);
          const before = await Promise.all(sendMany(world.port, "before", 4));
          assert.ok(before.every(({ isRight }) => isRight));
          // The gate does not run now: who could send a request there would get an error.
          const foreign = await world.get("/", { [GATE_MARK.field]: "1" });
          assert.equal(foreign.status, 200);
          await done("hold", "--for", "5m", "--max-wait", "4m");
          await backend.told();
          const from = backend.executed().length;
          const many = sendMany(world.port, "many", 24);
          const held = async () => (await sync(`${world.folder}/run/gate/control.sock`, "main")).held?.count;
          await until("them to wait", async () => (await held()) === 24);
          // The rules of the user's own config count, also by a host.
          assert.equal((await world.get("/secret/a")).status, 403);
          assert.equal((await world.get("/moved/a")).headers["location"], "http://main.test/there/a");
          await backend.kill();
          await backend.start();
          assert.equal(backend.executed().length, from);
          await done("release");
          for (const one of await Promise.all(many)) assert.ok(one.isRight, JSON.stringify(one));
          await backend.told();
          const ids = backend.executed().slice(from);
          assert.equal(new Set(ids.map(({ id }) => id)).size, 24);
          assert.equal(ids.length, 24);
        } finally {
          await world.fence("up");
          await world.end();
          await backend.kill();
        }
      },
    );
  }

  test("nginx with Lua refuses it before anything is changed", needs("nginx-lua"), async () => {
    const world = await createWorld({ kind: "nginx-lua", serverLines: `config = "include"` });
    const checked = await world.fence("check");
    await world.fence("apply");
    const { code, stderr } = await world.fence("hold", "--no-wait");
    await world.end();
    assert.match(checked.stdout, /fence hold is refused: in a config of your own/);
    assert.equal(code, 1);
    assert.match(stderr, /cannot hold requests in a config of your own$[^]*mode-unsupported/m);
  });
});
