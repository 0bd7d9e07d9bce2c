import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import http from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import type { Cidr, Listen, TcpListen } from "../../src/spec/types.js";
import { probe } from "../../src/verify/probe.js";
import { siteNamed } from "../../src/plan/plan.js";
import { startFront } from "../support/front.js";
import { httpAt, httpsAt } from "../support/listen.js";
import { needs } from "../support/needs.js";
import { runProgram } from "../support/nginx-contract.js";
import type { ProxyWorld } from "../support/proxy.js";
import { ok, startRawBackend, type RawBackend } from "../support/raw-backend.js";
import { freePort, until } from "../support/world.js";

const GET = "GET / HTTP/1.1\r\nHost: main.test\r\nConnection: close\r\n\r\n";
const cidr = (text: string): Cidr => ({ family: 4, text, first: "", last: "" });
const behind = (listen: TcpListen): TcpListen => ({ ...listen, proxyProtocol: true });
const unix = (path: string, proxyProtocol = false): Listen => ({
  kind: "unix",
  path,
  tls: false,
  http2: false,
  proxyProtocol,
});

/** All that comes on a connection on which this is sent; "" when it is cut. */
async function said(socket: Socket, ...parts: readonly (string | Buffer)[]): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  const over = new Promise<void>((resolve) =>
    socket.on("close", () => resolve()).on("error", () => resolve()),
  );
  for (const part of parts) {
    socket.write(part);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await over;
  return text;
}

describe("The proxy's listeners", needs("root", "openssl", "curl", "prlimit"), () => {
  let world: ProxyWorld;
  let backend: RawBackend;
  let [plain, tls, http2] = [0, 0, 0];
  let socketPath = "";
  before(async () => {
    backend = await startRawBackend(({ head, socket }) => void socket.write(ok(head)));
    [plain, tls, http2] = [await freePort(), await freePort(), await freePort()];
    world = await startFront(
      (folder) => {
        socketPath = join(folder, "web.sock");
        return [
          behind(httpAt(plain)),
          behind(httpsAt(tls)),
          behind(httpsAt(http2, true)),
          unix(socketPath),
          unix(`${socketPath}2`, true),
        ];
      },
      backend.port,
      {
        exceptions: { allow: [cidr("192.0.2.7/32")], trustedProxies: [], pass: [], acme: true, health: null },
      },
    );
  });
  after(async () => {
    await world?.end();
    await backend?.close();
  });

  const at = (port: number): Socket => connect({ port, host: "127.0.0.1", allowHalfOpen: false });

  test("The PROXY header's address is the client's, however the header is cut, also before TLS and HTTP/2", async () => {
    const header = "PROXY TCP4 192.0.2.9 192.0.2.1 4711 80\r\n";
    const forwarded = /X-Forwarded-For: 192\.0\.2\.9\r\n/;
    assert.match(await said(at(plain), header + GET), forwarded);
    assert.match(await said(at(plain), ...(header + GET).split(/(?<=.{9})/s)), forwarded);
    const binary = Buffer.concat([
      Buffer.from("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", "latin1"),
      Buffer.from([192, 0, 2, 9, 192, 0, 2, 1, 0x12, 0x67, 0, 80]),
    ]);
    assert.match(await said(at(plain), binary, GET), forwarded);
    assert.match(await said(connect(`${socketPath}2`), header + GET), forwarded);
    const raw = at(tls);
    raw.write(header);
    assert.match(await said(connectTls({ socket: raw, rejectUnauthorized: false }), GET), forwarded);
    for (const [port, version] of [
      [tls, "1.1"],
      [http2, "2"],
    ] as const) {
      const args = ["-sk", "--http2", "--haproxy-protocol", "-w", "%{http_version}"];
      const url = `https://main.test:${port}/`;
      const { stdout } = await runProgram("curl", [...args, "--resolve", `main.test:${port}:127.0.0.1`, url]);
      assert.match(stdout, /X-Forwarded-For: 127\.0\.0\.1\r\n/);
      assert.ok(stdout.endsWith(version), stdout);
    }
  });

  test("No client has the handshake of TLS 1.2 twice on one connection", async () => {
    const raw = at(tls);
    raw.write("PROXY TCP4 192.0.2.9 192.0.2.1 4711 80\r\n");
    const socket = connectTls({ socket: raw, rejectUnauthorized: false, maxVersion: "TLSv1.2" });
    await new Promise<void>((resolve) => socket.once("secureConnect", resolve));
    const error = await new Promise<Error | null>((resolve) => {
      socket.once("error", resolve);
      socket.renegotiate({ rejectUnauthorized: false }, resolve);
    });
    assert.match(String(error), /no renegotiation/i);
    socket.destroy();
  });

  test("What begins with anything else is closed without an answer, and it is in the log", async () => {
    for (const bytes of [GET, "PROXY TCP4 nonsense\r\n", "\x16\x03\x01\x02\x00\x01\x00", "PROXY UNKNOWN"]) {
      const socket = at(plain);
      if (bytes === "PROXY UNKNOWN") setTimeout(() => socket.end(), 50);
      assert.equal(await said(socket, bytes), "", bytes);
    }
    await until("four lines", () => world.errors().split('"event":"proxy-header-refused"').length === 5);
    assert.match(await said(at(plain), `PROXY UNKNOWN\r\n${GET}`), /^HTTP\/1\.1 200 /);
  });

  test("An exception for an address goes by the header", async () => {
    await world.switchTo("main", { mode: "down" });
    await world.sync("main");
    const from = (address: string): string => `PROXY TCP4 ${address} 192.0.2.1 4711 80\r\n${GET}`;
    assert.match(await said(at(plain), from("192.0.2.7")), /^HTTP\/1\.1 200 /);
    assert.match(await said(at(plain), from("192.0.2.8")), /^HTTP\/1\.1 503 /);
    await world.switchTo("main", { mode: "up" });
    await world.sync("main");
  });

  test("A client that the header names is counted, whatever peer brings it", async () => {
    const sockets = Array.from({ length: 256 }, () => {
      const socket = at(plain).on("error", () => {});
      socket.write("PROXY TCP4 192.0.2.50 192.0.2.1 4711 80\r\n");
      return socket;
    });
    await until("all are counted", async () => (await world.status()).connections >= 256);
    assert.match(await said(at(plain), `PROXY TCP4 192.0.2.50 192.0.2.1 1 80\r\n${GET}`), /^HTTP\/1\.1 503 /);
    assert.match(await said(at(plain), `PROXY TCP4 192.0.2.51 192.0.2.1 1 80\r\n${GET}`), /^HTTP\/1\.1 200 /);
    for (const socket of sockets) socket.destroy();
    await until("all are gone", async () => (await world.status()).connections === 0);
  });

  test("A client cannot take every place that there is for handshakes of TLS", async () => {
    let closed = 0;
    const sockets = Array.from({ length: 300 }, () => {
      const socket = at(tls).on("error", () => {});
      socket.on("close", () => (closed += 1));
      socket.write("PROXY TCP4 192.0.2.60 192.0.2.1 4711 80\r\n");
      return socket;
    });
    await until("those beyond its share are closed", () => closed === 300 - 256);
    const other = at(tls);
    other.write("PROXY TCP4 192.0.2.61 192.0.2.1 1 80\r\n");
    assert.match(
      await said(connectTls({ socket: other, rejectUnauthorized: false }), GET),
      /^HTTP\/1\.1 200 /,
    );
    for (const socket of sockets) socket.destroy();
    const again = async (): Promise<boolean> => {
      const raw = at(tls);
      raw.write("PROXY TCP4 192.0.2.60 192.0.2.1 1 80\r\n");
      const text = await said(connectTls({ socket: raw, rejectUnauthorized: false }), GET);
      return text.startsWith("HTTP/1.1 200 ");
    };
    await until("it has places again", again);
  });

  test("fence's probe reaches every listener", async () => {
    const site = siteNamed(world.plan.spec, "main");
    for (const listen of site.listen["web"] ?? []) {
      const result = await probe(site, listen, "main.test");
      assert.equal(result.mode, "up", JSON.stringify(result));
    }
  });

  test("A unix socket is open to everyone who may reach its folder, and its clients have no address", async () => {
    assert.equal(statSync(socketPath).mode & 0o777, 0o666);
    const answer = await said(connect(socketPath), GET);
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(answer, /X-Forwarded-For: unknown\r\n/);
    assert.ok(!existsSync(`${socketPath}~`));
  });

  test("The proxy goes on when it has no descriptor left", async () => {
    const pid = String(world.masterPid());
    const limit = execFileSync("prlimit", [
      "--pid",
      pid,
      "--nofile",
      "--output",
      "SOFT,HARD",
      "--noheadings",
    ]);
    execFileSync("prlimit", ["--pid", pid, "--nofile=60:"]);
    const sockets = Array.from({ length: 80 }, () => at(plain).on("error", () => {}));
    await until("some are closed", () => sockets.some(({ destroyed }) => destroyed));
    execFileSync("prlimit", ["--pid", pid, `--nofile=${limit.toString().trim().split(/\s+/)[0]}:`]);
    for (const socket of sockets) socket.destroy();
    await until("it answers", async () => {
      const text = await said(at(plain), `PROXY UNKNOWN\r\n${GET}`);
      return text.startsWith("HTTP/1.1 200 ");
    });
    assert.equal(String(world.masterPid()), pid);
  });

  test("At its end its sockets are gone", async () => {
    process.kill(world.masterPid(), "SIGTERM");
    await until("it is gone", () => /"event":"stopped"/.test(world.errors()));
    assert.ok(!existsSync(socketPath));
  });
});

describe("The proxy and a place that is taken", needs("root", "openssl"), () => {
  /** Starts on a unix socket whose place `prepare` has made. */
  const started = async (prepare: (path: string) => Promise<void>): Promise<[ProxyWorld, string]> => {
    let path = "";
    const backend = await freePort();
    const world = await startFront((folder) => {
      path = join(folder, "web.sock");
      return [unix(path)];
    }, backend);
    await prepare(path);
    return [world, path];
  };

  test("A socket file that is another's by now stays, and one that nobody answers on is replaced", async () => {
    let own: http.Server | null = null;
    const [world, path] = await started(async (place) => {
      rmSync(place);
      own = http.createServer();
      await new Promise<void>((resolve) => own?.listen(place, resolve));
    });
    process.kill(world.masterPid(), "SIGTERM");
    await until("it is gone", () => /"event":"stopped"/.test(world.errors()));
    assert.ok(existsSync(path));
    (own as http.Server | null)?.close();
    await world.end();
  });

  test("A listener that a reload brings takes a stale socket's place, and no other file's and no live one's", async () => {
    const [world, path] = await started(() => Promise.resolve());
    const stale = `${path}-stale`;
    const live = `${path}-live`;
    const file = `${path}-file`;
    const child = [
      "-e",
      `require("net").createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, 9))`,
    ];
    assert.throws(() => execFileSync(process.execPath, child));
    assert.ok(existsSync(stale));
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(live, resolve));
    writeFileSync(file, "");
    const reload = async (place: string): Promise<string> => {
      const { reloads, reloadsFailed } = await world.status();
      world.respec((spec) => ({
        ...spec,
        sites: spec.sites.map((site) => ({ ...site, listen: { web: [unix(path), unix(place)] } })),
      }));
      process.kill(world.masterPid(), "SIGHUP");
      await until("an outcome", async () => {
        const now = await world.status();
        return now.reloads + now.reloadsFailed > reloads + reloadsFailed;
      });
      return (await world.status()).reloadProblem ?? "";
    };
    assert.match(await reload(live), /another process listens on/);
    assert.match(await reload(file), /is not a socket/);
    assert.equal(await reload(stale), "");
    assert.match(await said(connect(stale), GET), /^HTTP\/1\.1 502 /);
    other.close();
    await world.end();
  });
});

describe("The PROXY protocol with trusted proxies", needs("root", "openssl"), () => {
  test("Only they may name clients, and this machine may speak for itself", async () => {
    const backend = await startRawBackend(({ head, socket }) => void socket.write(ok(head)));
    const port = await freePort();
    const exceptions = {
      allow: [],
      trustedProxies: [cidr("127.0.0.5/32")],
      pass: [],
      acme: true,
      health: null,
    };
    const world = await startFront(() => [behind(httpAt(port))], backend.port, { exceptions });
    try {
      const from = (localAddress: string): Socket => connect({ port, host: "127.0.0.1", localAddress });
      const named = `PROXY TCP4 192.0.2.9 192.0.2.1 4711 80\r\n${GET}`;
      assert.match(await said(from("127.0.0.5"), named), /X-Forwarded-For: 192\.0\.2\.9\r\n/);
      assert.equal(await said(from("127.0.0.6"), named), "");
      assert.match(await said(from("127.0.0.6"), `PROXY UNKNOWN\r\n${GET}`), /^HTTP\/1\.1 200 /);
    } finally {
      await world.end();
      await backend.close();
    }
  });
});
