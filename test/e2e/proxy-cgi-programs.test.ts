import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { askCgiStatus } from "../../src/proxy/cgi/ask-status.js";
import { CgiUpstream } from "../../src/proxy/cgi/cgi-upstream.js";
import type { Upstream } from "../../src/spec/types.js";
import { inParallel } from "../support/backend-set.js";
import { ask } from "../support/http-answer.js";
import {
  BIG_BYTES,
  startPerlFastcgi,
  startPhpFpm,
  startUwsgi,
  type CgiProgram,
} from "../support/cgi-programs.js";
import { needs, type Need } from "../support/needs.js";
import { startProxy, type ProxyWorld } from "../support/proxy.js";
import { exchange, RawClient } from "../support/raw-client.js";
import { until } from "../support/world.js";

interface Row {
  title: string;
  need: Need;
  start: () => Promise<CgiProgram>;
  socket: string;
  protocol: Upstream["protocol"];
  /** The path of the application, and what it takes for the path within. */
  path: string;
  info: string;
  /** Error output comes over the connection. */
  hasStderr: boolean;
  /** A connection serves more than one request. */
  keeps: boolean;
}

const FASTCGI = { protocol: "fastcgi", keeps: true, hasStderr: true } as const;
const UWSGI = {
  need: "uwsgi",
  start: startUwsgi,
  path: "/app/x y",
  info: "/app/x y",
  hasStderr: false,
} as const;
const ROWS: readonly Row[] = [
  {
    title: "php-fpm",
    need: "php-fpm",
    start: startPhpFpm,
    socket: "php.sock",
    path: "/app.php/x y",
    info: "/x y",
    ...FASTCGI,
  },
  {
    title: "Perl's FCGI",
    need: "perl-fcgi",
    start: startPerlFastcgi,
    socket: "perl.sock",
    path: "/app/x y",
    info: "/app/x y",
    ...FASTCGI,
  },
  { title: "uWSGI over uwsgi", ...UWSGI, socket: "uwsgi.sock", protocol: "uwsgi", keeps: false },
  { title: "uWSGI over SCGI", ...UWSGI, socket: "scgi.sock", protocol: "scgi", keeps: false },
  { title: "uWSGI over FastCGI", ...UWSGI, socket: "fastcgi.sock", protocol: "fastcgi", keeps: false },
];

for (const { title, need, start, socket, protocol, path, info, hasStderr, keeps } of ROWS)
  describe(`The proxy and ${title}`, needs("root", need), () => {
    let program: CgiProgram;
    let world: ProxyWorld;
    before(async () => {
      program = await start();
      const split = path.includes(".php") ? [".php"] : [];
      const cgi = { root: `${program.folder}/root`, index: "index.php", split, params: [] };
      world = await startProxy([{ kind: "unix", path: program.socket(socket) }], {}, { protocol, cgi });
    });
    after(async () => {
      await world?.end();
      await program?.end();
    });

    const target = path.replace(" ", "%20");
    const get = (what: string, rest: object = {}) =>
      ask({ port: world.port, host: "main.test", path: `${target}?${what}`, ...rest });

    test("GET: the application is told of the client, the path and the fields", async () => {
      const answer = await get("who", { headers: { "X-Asked": "so" } });
      assert.deepEqual([answer.status, answer.body], [200, `127.0.0.1 http ${info} so`]);
      assert.match(String(answer.headers["x-app"]), /^(?:php|perl|python)$/);
    });

    test("POST: 1.5 MB arrive as they are, with and without a length", async () => {
      const bytes = randomBytes(1_500_000);
      const sum = createHash("md5").update(bytes).digest("hex");
      const known = await get("sum", { method: "POST", body: bytes });
      assert.equal(known.body, `${sum} 1500000`);
      assert.equal(await postChunked(world.port, `${target}?sum`, bytes), `${sum} 1500000`);
      assert.equal(await postChunked(world.port, `${target}?sum`, Buffer.alloc(0)), `${md5("")} 0`);
    });

    test("POST: a body that the application does not read takes nothing from its answer", async () => {
      const answers = await inParallel(120, 12, () => get("who", { method: "POST", body: Buffer.from("x") }));
      const told = answers.map(({ status, body }) => `${status} ${body}`);
      assert.deepEqual([...new Set(told)], [`200 127.0.0.1 http ${info} `]);
    });

    test("HEAD has no body, 304 neither, and a redirect is passed on", async () => {
      const head = await exchange(
        world.port,
        `HEAD ${target}?who HTTP/1.1\r\nHost: main.test\r\nConnection: close\r\n\r\n`,
      );
      assert.match(head.text, /^HTTP\/1\.1 200 .*\r\n\r\n$/s);
      const unchanged = await get("304");
      assert.deepEqual([unchanged.status, unchanged.body], [304, ""]);
      const redirect = await get("redirect");
      assert.deepEqual([redirect.status, redirect.headers.location], [302, "/elsewhere"]);
    });

    test("A long answer reaches a slow reader whole", async () => {
      const client = new RawClient(world.port);
      client.send(`GET ${target}?big HTTP/1.0\r\nHost: main.test\r\n\r\n`);
      for (let round = 0; round < 10; round += 1) {
        client.socket.pause();
        await pause(20);
        client.socket.resume();
        await pause(5);
      }
      await client.ended();
      const body = client.text.slice(client.text.indexOf("\r\n\r\n") + 4);
      assert.ok(body === "b".repeat(BIG_BYTES), `${body.length} bytes`);
    });

    test("An application that dies midway: the client sees that the answer is not whole", async () => {
      await assert.rejects(get("die"));
      await until("another answer", async () => (await get("who")).status === 200);
    });

    test("Requests one after the other, many at a time, are answered each with its own", async () => {
      const agent = new http.Agent({ keepAlive: true });
      const run = async (id: number): Promise<void> => {
        for (let turn = 0; turn < 40; turn += 1) {
          const asked = `${id}-${turn}`;
          const answer = await get("who", { agent, headers: { "X-Asked": asked } });
          assert.equal(answer.body, `127.0.0.1 http ${info} ${asked}`);
        }
      };
      await Promise.all(Array.from({ length: 12 }, (_, id) => run(id)));
      agent.destroy();
    });

    test("A health check learns the status through the protocol, and that there is none", async () => {
      if (protocol === "http") assert.fail("not of this table");
      const split = path.includes(".php") ? [".php"] : [];
      const upstream = new CgiUpstream(protocol, {
        root: `${program.folder}/root`,
        index: "",
        split,
        params: [],
      });
      const backend = { path: program.socket(socket) };
      const question = { host: "main.test", timeoutMs: 5000, tick: 0 };
      assert.equal(await askCgiStatus(backend, upstream, { ...question, path: `${target}?who` }), 200);
      assert.equal(await askCgiStatus(backend, upstream, { ...question, path: `${target}?304` }), 304);
      const none = { path: program.socket("none.sock") };
      await assert.rejects(askCgiStatus(none, upstream, { ...question, path: target }), { code: "ENOENT" });
    });

    if (hasStderr)
      test("Error output goes to the log of the proxy", async () => {
        assert.equal((await get("stderr")).body, "ok");
        await until("a line in the log", () =>
          /"event":"backend-stderr".*told by the application/.test(world.errors()),
        );
      });

    if (keeps)
      test("A connection is used again: the same process answers one after the other", async () => {
        const pids = new Set<string>();
        for (let round = 0; round < 12; round += 1) pids.add((await get("pid")).body);
        assert.ok(pids.size < 12, [...pids].join(" "));
        const { backends } = await world.status();
        assert.ok((backends[0]?.idle ?? 0) <= 1);
      });
  });

describe("The proxy and the only process of php-fpm", needs("root", "php-fpm"), () => {
  test("Clients that never stop asking do not keep it from the others", async () => {
    const program = await startPhpFpm(1);
    const cgi = { root: `${program.folder}/root`, index: "index.php", split: [".php"], params: [] };
    const upstream = { protocol: "fastcgi", cgi } as const;
    const world = await startProxy([{ kind: "unix", path: program.socket("php.sock") }], {}, upstream);
    const agent = new http.Agent({ keepAlive: true });
    const answers = [0, 0, 0, 0];
    const hasAll = (): boolean => answers.every((count) => count >= 5);
    const run = async (index: number): Promise<void> => {
      while (!hasAll()) {
        const answer = await ask({ port: world.port, host: "main.test", path: "/app.php?pid", agent });
        assert.equal(answer.status, 200);
        answers[index] = (answers[index] ?? 0) + 1;
      }
    };
    try {
      await Promise.all(answers.map((_, index) => run(index)));
    } finally {
      agent.destroy();
      await world.end();
      await program.end();
    }
  });
});

describe("The proxy and php-fpm's own reading of a path", needs("root", "php-fpm"), () => {
  test("A picture is never run as a script, whatever stands behind it", async () => {
    const program = await startPhpFpm();
    const cgi = { root: `${program.folder}/root`, index: "index.php", split: [".php"], params: [] };
    const upstream = { protocol: "fastcgi", cgi } as const;
    const world = await startProxy([{ kind: "unix", path: program.socket("php.sock") }], {}, upstream);
    try {
      writeFileSync(`${program.folder}/root/a.jpg`, "<?php echo 'run';");
      for (const path of [
        "/a.jpg/x.php",
        "/a.jpg",
        "/a.jpg/.php",
        "/a.jpg%00.php",
        "/a.jpg/../a.jpg/x.php",
      ]) {
        const answer = await ask({ port: world.port, host: "main.test", path });
        assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
        assert.doesNotMatch(answer.body, /run/);
      }
      assert.equal((await ask({ port: world.port, host: "main.test", path: "/app.php?sum" })).status, 200);
    } finally {
      await world.end();
      await program.end();
    }
  });
});

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

function postChunked(port: number, path: string, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, method: "POST", agent: false };
    const headers = { Host: "main.test", "Transfer-Encoding": "chunked" };
    const request = http.request({ ...options, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => resolve(text));
    });
    request.on("error", reject);
    for (let at = 0; at < bytes.length; at += 65_536) request.write(bytes.subarray(at, at + 65_536));
    request.end();
  });
}
