import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import http from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { listenClosed } from "../../src/base/unix-socket.js";
import { LineClient, LineServer } from "../../src/workers/lines.js";
import { ask } from "../support/http-answer.js";
import { temporaryFolder } from "../support/fake-machine.js";
import { needs } from "../support/needs.js";
import { startProxy, type ProxyWorld } from "../support/proxy.js";
import { createWorld } from "../support/world.js";

/** What connect(2) says to another user. */
function asNobody(path: string): string {
  const code = `require("net").connect(${JSON.stringify(path)}).on("connect", () => { console.log("in"); process.exit(); }).on("error", (error) => console.log(error.code))`;
  const args = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--", process.execPath, "-e", code];
  return spawnSync("setpriv", args, { encoding: "utf8", cwd: "/" }).stdout.trim();
}

/** Sends bytes and tells what came back, once the other side has ended the connection. */
function said(path: string, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
    socket.write(bytes);
  });
}

describe("The control socket of a proxy", needs("root"), () => {
  let world: ProxyWorld;
  let path: string;
  before(async () => {
    world = await startProxy(null);
    path = join(world.folder, "run/web/control.sock");
  });
  after(() => world.end());

  test("is closed to other users, by its mode and by its folder", () => {
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(path, "..")).mode & 0o077, 0);
    assert.equal(asNobody(path), "EACCES");
  });

  const asked = (method: string, target: string, headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const request = http.request({ socketPath: path, method, path: target, headers, agent: false });
      request.on("response", (response) => resolve(response.resume().statusCode ?? 0));
      request.on("error", reject).end();
    });

  test("answers fence alone: nothing that a browser or a web server passes on", async () => {
    assert.equal(await asked("GET", "/status", { Host: "fence" }), 200);
    for (const headers of [
      { Host: "localhost" },
      { Host: "main.test" },
      { Host: "fence:80" },
      { Host: "fence", Origin: "http://fence" },
      { Host: "fence", "Sec-Fetch-Site": "none" },
      { Host: "fence", "X-Forwarded-For": "192.0.2.1" },
      { Host: "fence", Via: "1.1 web" },
      { Host: "fence", Forwarded: "for=192.0.2.1" },
    ])
      for (const [method, target] of [
        ["POST", "/upgrade"],
        ["POST", "/sync?site=main"],
        ["GET", "/status"],
        ["GET", "/metrics"],
      ] as const)
        assert.equal(await asked(method, target, headers as Record<string, string>), 403);
    assert.equal(await asked("GET", "/sync?site=main", { Host: "fence" }), 405);
    assert.equal(await asked("POST", "/sync?site=no", { Host: "fence" }), 400);
  });

  test("ends what is no question, however long, and answers on", async () => {
    const long = "x".repeat(20_000);
    for (const bytes of [
      "\0\r\n\r\n",
      "not http at all\r\n\r\n",
      `GET /status HTTP/1.1\r\nHost: fence\r\nX: ${long}\r\n\r\n`,
      `GET /${long} HTTP/1.1\r\nHost: fence\r\n\r\n`,
      Buffer.alloc(100_000, 255),
    ])
      assert.match(await said(path, bytes), /^(HTTP\/1\.1 4\d\d |$)/);
    assert.equal(await asked("GET", "/status", { Host: "fence" }), 200);
  });

  test("is never reached through a listener", async () => {
    const answer = await ask({ port: world.port, host: "main.test", path: "/status" });
    assert.equal(answer.body.includes("generation"), false);
  });
});

for (const kind of ["lighttpd", "nginx-lua"] as const)
  test(
    `The control socket of ${kind} is closed to other users, whatever umask it was started with`,
    needs(kind, "root"),
    async () => {
      const before = process.umask(0);
      const world = await createWorld({ kind });
      try {
        assert.equal((await world.fence("apply")).code, 0);
        await world.start();
        assert.equal(asNobody(join(world.folder, "run/web/control.sock")), "EACCES");
        assert.equal((await world.fence("down", "main")).code, 0);
      } finally {
        process.umask(before);
        await world.end();
      }
    },
  );

describe("The sockets of fence workers", needs("root"), () => {
  test("Garbage and HTTP end their connection, and nothing else", async () => {
    const path = join(temporaryFolder(), "admin.sock");
    const asked: string[] = [];
    const server = new LineServer(async (what) => {
      asked.push(what);
      return "fine";
    });
    await server.open(path);
    try {
      assert.equal(asNobody(path), "EACCES");
      for (const bytes of [
        "GET / HTTP/1.1\r\nHost: fence\r\n\r\n",
        'POST / HTTP/1.1\r\nHost: fence\r\nContent-Type: text/plain\r\n\r\n{"id":1,"do":"end"}\n',
        "null\n",
        "[]\n",
        "7\n",
        '"end"\n',
        '{"id":1}\n',
        '{"id":"1","do":"end"}\n',
        '{"do":"end"}\n',
        "{\n",
        "\0\n",
        `${'{"id":1,"do":"end","with":"'}${"x".repeat(1 << 20)}`,
        Buffer.alloc(2 << 20, 255),
      ])
        assert.equal(await said(path, bytes), "");
      assert.deepEqual(asked, []);
      const client = await LineClient.connect(path);
      assert.equal(await client?.ask("status"), "fine");
      client?.close();
    } finally {
      server.close();
    }
  });

  test("Any socket of fence's own is closed from its first moment, whatever the umask", async () => {
    const path = join(temporaryFolder(), "own.sock");
    const before = process.umask(0);
    const server = createServer();
    const opened = listenClosed(server, path);
    const { mode } = statSync(path);
    process.umask(before);
    await opened;
    server.close();
    assert.equal(mode & 0o777, 0o600);
  });
});
