import assert from "node:assert/strict";
import http from "node:http";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { output, record, startFastcgi } from "../support/fastcgi-backend.js";
import type { FastcgiBackend, FastcgiRequest } from "../support/fastcgi-backend.js";
import { ask } from "../support/http-answer.js";
import { needs } from "../support/needs.js";
import { startProxy, tcp, type ProxyWorld } from "../support/proxy.js";
import { exchange, RawClient } from "../support/raw-client.js";
import { until } from "../support/world.js";

const TEXT = "Content-Type: text/plain\r\n";
const HOST = "Host: main.test\r\n";

/** What the application does, by the query. */
function script({ params, body, socket, turn }: FastcgiRequest): void {
  const answers: Record<string, () => unknown> = {
    "": () => socket.write(output(`${TEXT}\r\n${params.get("REQUEST_METHOD")} ${body.length}`), "latin1"),
    sum: () =>
      socket.write(output(`${TEXT}\r\n${createHash("sha256").update(body, "latin1").digest("hex")}`)),
    close: () => socket.end(output(`${TEXT}\r\nbye`), "latin1"),
    turn: () => socket.write(output(`${TEXT}\r\nturn ${turn}`)),
    slow: () => setTimeout(() => socket.write(output(`${TEXT}\r\nslow`)), 150),
    stderr: () =>
      socket.write(`${record(7, "PHP Notice: \x1b[31mred\u009b\n")}${output(`${TEXT}\r\nok`, 3)}`, "latin1"),
    noisy: () => socket.write(record(7, "e".repeat(60_000)).repeat(3) + output(`${TEXT}\r\nok`), "latin1"),
    long: () => {
      socket.write(record(6, `${TEXT}\r\nfirst `));
      setTimeout(() => socket.write(output("second")), 50);
    },
    declared: () => {
      socket.write(record(6, `Content-Length: 12\r\n${TEXT}\r\nfirst `));
      setTimeout(() => socket.write(output("second and more")), 50);
    },
    hangup: () => {
      socket.write(record(6, `${TEXT}\r\nfirst `));
      setTimeout(() => socket.destroy(), 50);
    },
    empty: () => socket.write(output("Status: 204 No Content\r\n\r\nbody of nothing")),
    overloaded: () => socket.write(record(3, "\0\0\0\0\x02\0\0\0")),
    dated: () => socket.write(output(`${TEXT}Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\nok`)),
  };
  (answers[params.get("QUERY_STRING") ?? ""] ?? answers[""])?.();
}

describe("The proxy and a FastCGI application", needs("root"), () => {
  const root = mkdtempSync(join(tmpdir(), "fence-fastcgi-"));
  const spools = mkdtempSync(join(tmpdir(), "fence-spools-"));
  let backend: FastcgiBackend;
  let world: ProxyWorld;
  before(async () => {
    for (const folder of ["dir", "dir/deep", "shop.php", "ä"]) mkdirSync(join(root, folder));
    for (const file of ["a.php", "index.php", "dir/index.php", "shop.php/x.php", "a.jpg", "ä/ö.php"])
      writeFileSync(join(root, file), "");
    symlinkSync("/etc/hostname", join(root, "out.php"));
    symlinkSync("/etc", join(root, "etc"));
    symlinkSync("a.php", join(root, "in.php"));
    backend = await startFastcgi(script);
    const params = [
      { name: "APP_ENV", value: "test ü" },
      { name: "SERVER_SOFTWARE", value: "mine" },
    ];
    const cgi = { root, index: "index.php", split: [".php"], params };
    const trustedProxies = [
      { family: 4, text: "127.0.0.9/32", first: v4("7f000009"), last: v4("7f000009") },
    ] as const;
    const exceptions = { allow: [], trustedProxies, pass: [], acme: true, health: null };
    process.env["TMPDIR"] = spools;
    world = await startProxy([tcp(backend.port)], { exceptions }, { protocol: "fastcgi", cgi });
    delete process.env["TMPDIR"];
  });
  after(async () => {
    await world?.end();
    await backend?.close();
    for (const folder of [root, spools]) rmSync(folder, { recursive: true, force: true });
  });

  const last = (): FastcgiRequest => backend.requests.at(-1) as FastcgiRequest;
  const get = (path: string, headers: Record<string, string> = {}) =>
    ask({ port: world.port, host: "main.test", path, headers });

  /** The variables that a request becomes; null: the application is not asked. */
  const variables = async (head: string, from?: string): Promise<Map<string, string> | null> => {
    const count = backend.requests.length;
    const client = from === undefined ? new RawClient(world.port) : new RawClient(world.port, { from });
    await client.send(`${head}Connection: close\r\n\r\n`).ended();
    return backend.requests.length === count ? null : last().params;
  };

  test("The variables are those of RFC 3875 and of the spec, each once", async () => {
    const client = new RawClient(world.port);
    const localPort = await new Promise<number>((resolve) =>
      client.socket.on("connect", () => resolve(client.socket.localPort ?? 0)),
    );
    client.send(
      `POST /dir/../a.php/more%20info/%C3%A4?q=1&r=%0a HTTP/1.1\r\nHost: Main.test:99\r\nContent-Type: a/b\r\n` +
        "Content-Length: 3\r\nX-One: 1\r\nConnection: close\r\n\r\nabc",
    );
    await client.ended();
    assert.equal(new Set(last().names).size, last().names.length, "each once");
    assert.deepEqual(Object.fromEntries([...last().params].sort()), {
      APP_ENV: Buffer.from("test ü").toString("latin1"),
      CONTENT_LENGTH: "3",
      CONTENT_TYPE: "a/b",
      DOCUMENT_ROOT: root,
      DOCUMENT_URI: "/a.php/more info/\xc3\xa4",
      GATEWAY_INTERFACE: "CGI/1.1",
      HTTP_HOST: "Main.test:99",
      HTTP_X_ONE: "1",
      PATH_INFO: "/more info/\xc3\xa4",
      QUERY_STRING: "q=1&r=%0a",
      REDIRECT_STATUS: "200",
      REMOTE_ADDR: "127.0.0.1",
      REMOTE_PORT: String(localPort),
      REQUEST_METHOD: "POST",
      REQUEST_SCHEME: "http",
      REQUEST_URI: "/dir/../a.php/more%20info/%C3%A4?q=1&r=%0a",
      SCRIPT_FILENAME: `${root}/a.php`,
      SCRIPT_NAME: "/a.php",
      SERVER_ADDR: "127.0.0.1",
      SERVER_NAME: "main.test",
      SERVER_PORT: String(world.port),
      SERVER_PROTOCOL: "HTTP/1.1",
      SERVER_SOFTWARE: "mine",
    });
    assert.equal(last().keeps, true);
    assert.equal(last().body, "abc");
  });

  test("No field of a client becomes another variable than its own", async () => {
    const fields = [
      "Proxy: http://evil.test",
      "PROXY: http://evil.test",
      "X_Forwarded_For: 6.6.6.6",
      "X-Forwarded-For: 6.6.6.6",
      "X-Forwarded-Proto: https",
      "Content_Length: 99",
      "Remote_Addr: 6.6.6.6",
      "REMOTE-ADDR: 6.6.6.6",
      "Https: on",
      "Script-Filename: /etc/passwd",
      "PHP-VALUE: auto_prepend_file=/etc/passwd",
      "PHP_ADMIN_VALUE: open_basedir=/",
      "Auth-Type: Basic",
      "Remote-User: root",
      "X.Dot: 1",
      "X!Bang: 1",
      "X'Quote: 1",
      "Connection: X-Nominated",
      "X-Nominated: 1",
    ];
    const params = await variables(`GET /a.php HTTP/1.1\r\n${HOST}${fields.join("\r\n")}\r\n`);
    const client = [...(params ?? [])].filter(([name]) => name.startsWith("HTTP_")).sort();
    assert.deepEqual(client, [
      ["HTTP_AUTH_TYPE", "Basic"],
      ["HTTP_HOST", "main.test"],
      ["HTTP_HTTPS", "on"],
      ["HTTP_PHP_VALUE", "auto_prepend_file=/etc/passwd"],
      ["HTTP_REMOTE_ADDR", "6.6.6.6"],
      ["HTTP_REMOTE_USER", "root"],
      ["HTTP_SCRIPT_FILENAME", "/etc/passwd"],
    ]);
    for (const name of ["HTTPS", "REMOTE_USER", "AUTH_TYPE", "PHP_VALUE", "CONTENT_LENGTH", "HTTP_PROXY"])
      assert.equal(params?.has(name), false, name);
    assert.equal(params?.get("REMOTE_ADDR"), "127.0.0.1");
  });

  test("Fields of one name are one variable: cookies with a semicolon, others with a comma", async () => {
    const params = await variables(
      `GET /a.php HTTP/1.1\r\n${HOST}X-A: 1\r\nCookie: a=1\r\nx-a:  2 \r\nCookie: b=2\r\nX-Empty:\r\n`,
    );
    assert.equal(params?.get("HTTP_X_A"), "1, 2");
    assert.equal(params?.get("HTTP_COOKIE"), "a=1; b=2");
    assert.equal(params?.get("HTTP_X_EMPTY"), "");
  });

  test("Only a trusted proxy tells of the client; whom it cannot name has an address that nobody has", async () => {
    const head = (way: string) =>
      `GET /a.php HTTP/1.1\r\n${HOST}X-Forwarded-For: ${way}\r\nX-Forwarded-Proto: https\r\n`;
    const of = (params: Map<string, string> | null) =>
      ["REMOTE_ADDR", "REMOTE_PORT", "HTTPS", "SERVER_PORT", "REQUEST_SCHEME", "HTTP_X_FORWARDED_FOR"].map(
        (name) => params?.get(name),
      );
    assert.deepEqual(of(await variables(head("6.6.6.6, 192.0.2.7"), "127.0.0.9")), [
      "192.0.2.7",
      undefined,
      "on",
      "443",
      "https",
      "6.6.6.6, 192.0.2.7, 127.0.0.9",
    ]);
    assert.equal((await variables(head("nonsense"), "127.0.0.9"))?.get("REMOTE_ADDR"), "0.0.0.0");
    const untrusted = await variables(head("6.6.6.6"), "127.0.0.8");
    assert.deepEqual(
      [of(untrusted)[0], of(untrusted)[2], of(untrusted)[5]],
      ["127.0.0.8", undefined, undefined],
    );
  });

  const paths: readonly (readonly [path: string, name: string, info: string | undefined])[] = [
    ["/", "/index.php", undefined],
    ["/dir/", "/dir/index.php", undefined],
    ["/a.php", "/a.php", undefined],
    ["/a.php/", "/a.php", "/"],
    ["/a.php/b.php/c", "/a.php", "/b.php/c"],
    ["/shop.php/x.php/y", "/shop.php/x.php", "/y"],
    ["/%61.php", "/a.php", undefined],
    ["/in.php", "/in.php", undefined],
    ["//a.php", "/a.php", undefined],
    ["/%C3%A4/%C3%B6.php/%FF%C3%A4", "/\xc3\xa4/\xc3\xb6.php", "/\xff\xc3\xa4"],
  ];
  for (const [path, name, info] of paths) {
    test(`${path} is for the script ${name}`, async () => {
      const params = await variables(`GET ${path} HTTP/1.1\r\n${HOST}`);
      const file = Buffer.from(root).toString("latin1") + name;
      const found = ["SCRIPT_NAME", "PATH_INFO", "SCRIPT_FILENAME"].map((one) => params?.get(one));
      assert.deepEqual(found, [name, info, file]);
    });
  }

  test("What names no script is a 404 of the proxy, and the application is not asked", async () => {
    const none = [
      "/a.jpg",
      "/a.jpg/x.php",
      "/a.jpg/.php",
      "/none.php",
      "/a.php.bak",
      "/a.PHP",
      "/out.php",
      "/etc/passwd",
      "/etc/hostname/x.php",
      "/dir/deep/",
      "/shop.php/",
      "/x".repeat(2000),
      "/x.php".repeat(1000),
    ];
    for (const path of none) {
      for (let round = 0; round < 2; round += 1) {
        const count = backend.requests.length;
        assert.equal((await get(path)).status, 404, path);
        assert.equal(backend.requests.length, count, path);
      }
    }
    for (const path of [
      "/a.php%00.jpg",
      "/a.php/%0aX",
      "/a.php/%0D%0AX",
      "/a.php/%7f",
      "/a.php/../../etc/passwd",
    ])
      assert.equal((await get(path)).status, 400, path);
    assert.equal((await get("/dir?x")).headers.location, "/dir/?x");
    const upgrade = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13" };
    const key = { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==" };
    assert.equal((await get("/a.php", { ...upgrade, ...key })).status, 501);
    const star = await exchange(world.port, `OPTIONS * HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    assert.match(star.text, /^HTTP\/1\.1 200 OK\r\n/);
  });

  test("A script that comes and goes is found and missed within seconds", async () => {
    const path = join(root, "new.php");
    assert.equal((await get("/new.php")).status, 404);
    writeFileSync(path, "");
    await until("the script", async () => (await get("/new.php")).status === 200);
    rmSync(path);
    await until("its end", async () => (await get("/new.php")).status === 404);
  });

  test("A body of unknown length is gathered, in memory or in a file without a name, and has its length told", async () => {
    for (const size of [0, 5, 70_000, 5_000_000]) {
      const bytes = randomBytes(size);
      const digest = createHash("sha256").update(bytes).digest("hex");
      const answer = await new Promise<string>((resolve, reject) => {
        const options = {
          host: "127.0.0.1",
          port: world.port,
          path: "/a.php?sum",
          method: "POST",
          agent: false,
        };
        const request = http.request({ ...options, headers: { Host: "main.test" } }, (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          response.on("end", () => resolve(text));
        });
        request.on("error", reject);
        for (let at = 0; at < size; at += 50_000) request.write(bytes.subarray(at, at + 50_000));
        request.end();
      });
      assert.equal(answer, digest);
      assert.equal(last().params.get("CONTENT_LENGTH"), String(size));
      assert.equal(last().params.has("HTTP_TRANSFER_ENCODING"), false);
    }
    const left = readdirSync(spools).filter((name) => name.startsWith("fence-body-"));
    assert.deepEqual(left, []);
  });

  test("A malformed chunk is a 400, and a client that leaves midway leaves nothing behind", async () => {
    const count = backend.requests.length;
    const head = `POST /a.php HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;
    assert.match((await exchange(world.port, `${head}5\r\nhelloX`)).text, /^HTTP\/1\.1 400 /);
    const gone = new RawClient(world.port).send(`${head}5\r\nhello\r\n`);
    await pause(50);
    gone.socket.resetAndDestroy();
    assert.equal(backend.requests.length, count);
    const patient = new RawClient(world.port).send(
      head.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n"),
    );
    await patient.has("100 Continue\r\n\r\n");
    await patient.send("2\r\nhi\r\n0\r\n\r\n").has("POST 2");
    patient.socket.destroy();
  });

  test("A body of known length streams in records, with its checksum right", async () => {
    const bytes = randomBytes(1_500_000);
    const answer = await ask({
      port: world.port,
      host: "main.test",
      method: "POST",
      path: "/a.php?sum",
      body: bytes,
    });
    assert.equal(answer.body, createHash("sha256").update(bytes).digest("hex"));
  });

  test("A body without a length has its length when it is there at once, is chunked when not, and ends with the connection for HTTP/1.0", async () => {
    assert.equal((await get("/a.php")).headers["content-length"], "5");
    const long = await get("/a.php?long");
    assert.deepEqual([long.headers["transfer-encoding"], long.body], ["chunked", "first second"]);
    const old = await exchange(world.port, `GET /a.php?long HTTP/1.0\r\n${HOST}\r\n`);
    assert.match(old.text, /\r\n\r\nfirst second$/);
    assert.doesNotMatch(old.text, /chunked/);
    const declared = await get("/a.php?declared");
    assert.deepEqual([declared.headers["content-length"], declared.body], ["12", "first second"]);
    const nothing = await get("/a.php?empty");
    assert.deepEqual([nothing.status, nothing.body], [204, ""]);
    const head = await ask({ port: world.port, host: "main.test", method: "HEAD", path: "/a.php" });
    assert.deepEqual([head.status, head.body, head.headers["content-length"]], [200, "", undefined]);
  });

  test("What the application does not say of the time, the proxy says", async () => {
    assert.ok(Math.abs(Date.parse((await get("/a.php")).headers.date ?? "") - Date.now()) < 60_000);
    assert.equal((await get("/a.php?dated")).headers.date, "Thu, 01 Jan 1970 00:00:00 GMT");
  });

  test("An answer that breaks off is broken off for the client, and a refusal is told", async () => {
    await assert.rejects(get("/a.php?hangup"));
    assert.equal((await get("/a.php?overloaded")).status, 503);
    await until("a line", () =>
      /"reason":"overloaded".*"target":"\/a\.php\?overloaded"/.test(world.errors()),
    );
  });

  test("Error output and an exit status go to the log, escaped and bounded, and to no client", async () => {
    assert.equal((await get("/a.php?stderr")).body, "ok");
    await until("the error output", () => world.errors().includes("PHP Notice: \\u001b[31mred"));
    await until("the exit status", () => /"event":"backend-exit-status".*"appStatus":3/.test(world.errors()));
    assert.equal((await get("/a.php?noisy")).body, "ok");
    await until("the bounded output", () => /"bytes":180000,"cut":true/.test(world.errors()));
    assert.ok(!world.errors().includes("e".repeat(65_537)));
  });

  test("A connection is used again while the application keeps it, by none whose request may not be sent twice", async () => {
    const count = backend.connections();
    for (let round = 0; round < 20; round += 1) assert.match((await get("/a.php?turn")).body, /^turn /);
    assert.ok(backend.connections() - count < 10, "most of them on the connection of the one before");
    const post = {
      port: world.port,
      host: "main.test",
      method: "POST",
      path: "/a.php?turn",
      body: Buffer.from("x"),
    };
    assert.equal((await ask(post)).body, "turn 1");
    for (let round = 0; round < 10; round += 1) assert.equal((await get("/a.php?close")).body, "bye");
  });

  test("No connection is kept for long without a request", async () => {
    await get("/a.php");
    assert.equal(backend.open(), 1);
    await until("its end", () => backend.open() === 0);
  });
});

function v4(digits: string): string {
  return `00000000000000000000ffff${digits}`;
}
