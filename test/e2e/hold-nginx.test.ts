import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { after, before, describe, test } from "node:test";
import { childrenOf, processInfo } from "../../src/base/process-info.js";
import { output, startFastcgi, type FastcgiBackend } from "../support/fastcgi-backend.js";
import { fence, hold, waiting } from "../support/gate-hold.js";
import { needs } from "../support/needs.js";
import { ok, startRawBackend, type RawBackend } from "../support/raw-backend.js";
import { RawClient } from "../support/raw-client.js";
import { createWorld, until, type World, type WorldOptions } from "../support/world.js";

const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: main.test\r\n${fields}\r\n`;
const post = (path: string, length: number, body: string, fields = ""): string =>
  `POST ${path} HTTP/1.1\r\nHost: main.test\r\nContent-Length: ${length}\r\n${fields}\r\n${body}`;
const REFUSED = /^HTTP\/1\.1 503 [^]*X-Maintenance-Mode: 1\r\n[^]*Retry-After: \d+\r\n/;
/** Of this machine, and not loopback: that stands for many clients. */
const OUTER = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

async function startWorld(options: Omit<WorldOptions, "kind">) {
  const world = await createWorld({ kind: "nginx", serverLines: "workers = 2", ...options });
  const applied = await world.fence("apply");
  assert.equal(applied.code, 0, applied.stderr);
  await world.start();
  return world;
}

async function inflight(world: World): Promise<{ inflight: number | null; inflightAtLeast: boolean }> {
  const { stdout } = await world.fence("status", "--json");
  const report = JSON.parse(stdout) as {
    sites: { servers: { inflight: number | null; inflightAtLeast: boolean }[] }[];
  };
  const server = report.sites[0]?.servers.at(-1);
  assert.ok(server);
  return server;
}

describe("Hold on stock nginx", needs("nginx", "root"), () => {
  let backend: RawBackend;
  let world: World;
  let serve: (path: string) => Promise<void> = async () => {};
  before(async () => {
    backend = await startRawBackend(({ head, socket, body }) => {
      const path = head.split(" ")[1] ?? "";
      void serve(path).then(() => socket.write(ok(`${path} ${body.length}`)));
    });
    world = await startWorld({
      backendPort: backend.port,
      siteLines: `[site.main.hold]
max_held_per_client = 3
release_concurrency = 4
[site.main.maintenance]
cors_origins = ["https://app.test"]
[site.main.exceptions]
health = { path = "/health", while_down = "down" }
pass = ["/pass"]
[[site.main.route]]
path = "/static/"
dir = "static"
`,
    });
    mkdirSync(`${world.folder}/static`, { recursive: true });
    writeFileSync(`${world.folder}/static/a.txt`, "file\n");
  });
  after(async () => {
    await world.fence("up");
    await world.end();
    await backend.close();
  });

  test("files, the health path and exceptions do not wait; a preflight does; nothing else gets past", async () => {
    await hold(world);
    const from = backend.requests.length;
    const file = await new RawClient(world.port).send(get("/static/a.txt")).has("file\n");
    const health = await new RawClient(world.port).send(get("/health")).has(REFUSED);
    const pass = await new RawClient(world.port).send(get("/pass")).has("/pass 0");
    const asks = "Origin: https://app.test\r\nAccess-Control-Request-Method: PUT\r\n";
    const preflight = new RawClient(world.port).send(get("/cors", asks).replace("GET", "OPTIONS"));
    const lies = ["/./fence/main/fewer/1", "/.well-known/fence/../../x", "/%2e/fence/main/down.html"];
    const forged = "X-Accel-Redirect: @fence_main_lost\r\nX-Real-IP: 127.0.0.1\r\n";
    const liars = lies.map((path) => new RawClient(world.port).send(get(path, forged)));
    await waiting(world, 1 + liars.length);
    assert.deepEqual(
      backend.requests.slice(from).map(({ head }) => head.split(" ")[1]),
      ["/pass"],
    );
    await fence(world, "release");
    await preflight.has("/cors 0");
    for (const client of liars) await client.has("HTTP/1.1 200");
    for (const { socket } of [file, health, pass, preflight, ...liars]) socket.destroy();
  });

  test(
    "one client takes no more places than it may, and nobody but this machine may ask for the count",
    { skip: OUTER === undefined ? "needs an address that is not loopback" : false },
    async () => {
      await hold(world);
      const clients = [1, 2, 3].map((n) =>
        new RawClient(world.port, { from: OUTER ?? "" }).send(get(`/${n}`)),
      );
      await waiting(world, 3);
      const fourth = await new RawClient(world.port, { from: OUTER ?? "" }).send(get("/4")).has(REFUSED);
      const other = new RawClient(world.port).send(get("/5"));
      await waiting(world, 4);
      const probe = `/.well-known/fence/probe?fewer=1&worker=${childrenOf(world.masterPid())[0]}`;
      const asked = await new RawClient(world.port, { from: OUTER ?? "" }).send(get(probe)).has("hold");
      assert.doesNotMatch(asked.text, /fewer/i);
      const told = await new RawClient(world.port).send(get(probe)).has("hold");
      assert.match(told.text, /X-Fence-Fewer-Than: 1/);
      await fence(world, "release");
      for (const client of [...clients, other]) await client.has("HTTP/1.1 200");
      for (const { socket } of [...clients, fourth, other, asked, told]) socket.destroy();
    },
  );

  test("an upload that began during a hold and ends after the gate is executed once", async () => {
    await hold(world);
    const from = backend.requests.length;
    const pid = Number(readFileSync(`${world.folder}/run/gate/server.pid`, "utf8"));
    const slow = new RawClient(world.port).send(post("/late", 100_000, "x".repeat(60_000)));
    const first = new RawClient(world.port).send(get("/first"));
    await waiting(world, 1);
    await fence(world, "release");
    await first.has("/first 0");
    await until("the gate to end by itself", () => !existsSync(`/proc/${pid}`), 60_000);
    slow.send("x".repeat(40_000));
    await slow.has("/late 100000");
    assert.equal(backend.requests.slice(from).filter(({ head }) => head.includes("/late")).length, 1);
    for (const { socket } of [slow, first]) socket.destroy();
  });

  test("a request that is long at the backend is waited for and counted; a worker that is killed leaves no count", async () => {
    let goOn = (): void => {};
    serve = (path) => (path === "/long" ? new Promise((resolve) => (goOn = resolve)) : Promise.resolve());
    const long = new RawClient(world.port).send(get("/long"));
    await until("it to be counted", async () => (await inflight(world)).inflight === 1);
    assert.equal((await inflight(world)).inflightAtLeast, true);
    const { code, stdout } = await world.fence("hold", "--for", "5m", "--drain-timeout", "500ms");
    assert.equal(code, 7);
    assert.match(stdout, /at least 1 request is still at the backends/);
    await fence(world, "release");
    const holder = childrenOf(world.masterPid());
    for (const worker of holder) process.kill(worker, "SIGKILL");
    await until("other workers", () => {
      const now = childrenOf(world.masterPid());
      return now.length === 2 && now.every((pid) => !holder.includes(pid) && processInfo(pid)?.state === "S");
    });
    goOn();
    await hold(world, "--drain-timeout", "1m");
    assert.equal((await inflight(world)).inflight, 0);
    await fence(world, "release");
    long.socket.destroy();
    serve = async () => {};
  });
});

test(
  "requests for a FastCGI application wait and go on as those for HTTP",
  needs("nginx", "root"),
  async () => {
    const application: FastcgiBackend = await startFastcgi(({ params, body, socket }) => {
      const text = `${params.get("REQUEST_METHOD")} ${params.get("REQUEST_URI")} ${body.length}`;
      socket.write(output(`Status: 200\r\nContent-Type: text/plain\r\n\r\n${text}\n`), "latin1");
      socket.end();
    });
    const world = await startWorld({
      backendPort: application.port,
      upstreamLines: `protocol = "fastcgi"\n[upstream.app.cgi]\nroot = "/srv/app"\nsplit = []`,
    });
    try {
      await hold(world);
      const from = application.requests.length;
      const clients = [
        new RawClient(world.port).send(get("/a%2Fb?c=d")),
        new RawClient(world.port).send(post("/up", 200_000, "x".repeat(200_000))),
      ];
      await waiting(world, 2);
      assert.equal(application.requests.length, from);
      await fence(world, "release");
      await clients[0]?.has("GET /a%2Fb?c=d 0");
      await clients[1]?.has("POST /up 200000");
      for (const { socket } of clients) socket.destroy();
      assert.equal(application.requests.length, from + 2);
    } finally {
      await world.end();
      await application.close();
    }
  },
);
