import assert from "node:assert/strict";
import { mkdirSync, readlinkSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { isAlive, processInfo } from "../../src/base/process-info.js";
import { output, startFastcgi, type FastcgiBackend } from "../support/fastcgi-backend.js";
import { ownNginx } from "../support/held-world.js";
import { fence, hold, waiting } from "../support/gate-hold.js";
import { needs } from "../support/needs.js";
import { ok, startRawBackend, type RawBackend } from "../support/raw-backend.js";
import { RawClient } from "../support/raw-client.js";
import { createWorld, gatePid, until, type World, type WorldOptions } from "../support/world.js";

const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: main.test\r\n${fields}\r\n`;
const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: main.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const REFUSED = /^HTTP\/1\.1 503 [^]*X-Maintenance-Mode: 1\r\n[^]*Retry-After: \d+\r\n/;
const TURNS = 10_000;
const STAFF = `Authorization: Basic ${Buffer.from("staff:secret").toString("base64")}\r\n`;

async function startOwn(options: Omit<WorldOptions, "kind">, locations: string): Promise<World> {
  const world = await createWorld({ kind: "nginx", serverLines: `config = "include"`, ...options });
  await fence(world, "apply");
  mkdirSync(`${world.folder}/files`);
  writeFileSync(`${world.folder}/files/there.txt`, "a file\n");
  writeFileSync(`${world.folder}/staff`, "staff:{PLAIN}secret\n");
  const own = ownNginx(world.folder, world.port, locations.replaceAll("FOLDER", world.folder));
  writeFileSync(`${world.folder}/own.conf`, own);
  await world.start(`${world.folder}/own.conf`);
  return world;
}

/** Whether there is none any more. */
function endGate({ folder }: World): boolean {
  const pid = gatePid(folder);
  if (!isAlive(pid, processInfo(pid)?.start ?? "")) return true;
  process.kill(pid, "SIGUSR2");
  return false;
}

function ask(port: number, agent: http.Agent): Promise<http.IncomingMessage & { status: number }> {
  return new Promise((resolve, reject) => {
    http
      .get({ port, agent, headers: { host: "main.test" } }, (answer) => {
        answer.resume().on("end", () => resolve(Object.assign(answer, { status: answer.statusCode ?? 0 })));
      })
      .on("error", reject);
  });
}

async function seen(world: World): Promise<{ mode: string; inflight: number | null }> {
  const { stdout } = await world.fence("status", "--json");
  const [main] = (
    JSON.parse(stdout) as {
      sites: { mode: string; servers: { name: string; inflight: number | null }[] }[];
    }
  ).sites;
  assert.ok(main);
  const { inflight = null } = main.servers.find(({ name }) => name === "web") ?? {};
  return { mode: main.mode, inflight };
}

/** What a location needs to go to the backends of the site. */
const PASS = `include FOLDER/rendered/web/enter.main.conf;
  proxy_pass http://$fence_main_upstream;
  proxy_set_header Host $host;
  proxy_read_timeout 10m; client_max_body_size 0;`;

describe("Hold on nginx in a config of the user's own", needs("nginx", "root"), () => {
  let backend: RawBackend;
  let world: World;
  const told = (path: string, body: string): string => ok(`${path} ${body.length}`);
  let answer: (path: string, body: string) => Promise<string> | string = told;
  before(async () => {
    backend = await startRawBackend(({ head, socket, body }) => {
      const path = head.split(" ")[1] ?? "";
      void (async () => socket.write(await answer(path, body)))();
    });
    world = await startOwn(
      { backendPort: backend.port },
      `location / { ${PASS} }
location /staff/ { auth_basic staff; auth_basic_user_file FOLDER/staff; ${PASS} }
location /asked/ { auth_request /auth; ${PASS} }
location = /auth { internal; ${PASS} proxy_pass_request_body off; proxy_set_header Content-Length ""; }
location /files/ { root FOLDER; try_files $uri @app; }
location @app { ${PASS} }
location /gone/ { return 410; }
location /led/ { internal; ${PASS} }`,
    );
  });
  after(async () => {
    await world.fence("up");
    await world.end();
    await backend.close();
  });
  beforeEach(() => (answer = told));
  const paths = (from: number): string[] =>
    backend.requests.slice(from).map(({ head }) => head.split(" ")[1] ?? "");

  test("a request is under the rules of its location while it waits, and what is no backend's is served as ever", async () => {
    await hold(world);
    const from = backend.requests.length;
    const stranger = await new RawClient(world.port).send(get("/staff/")).has("401 ");
    const gone = await new RawClient(world.port).send(get("/gone/")).has("410 ");
    const file = await new RawClient(world.port).send(get("/files/there.txt")).has("a file\n");
    const inner = await new RawClient(world.port).send(get("/led/")).has("404 ");
    const clients = ["/", "/staff/", "/asked/", "/files/missing"].map((path) =>
      new RawClient(world.port).send(get(path, STAFF)),
    );
    const written = new RawClient(world.port).send(post("/written", "x".repeat(300_000)));
    await waiting(world, 5);
    assert.deepEqual(paths(from), []);
    await fence(world, "release");
    for (const client of clients) await client.has("200 OK");
    await written.has("/written 300000");
    assert.deepEqual(paths(from).sort(), ["/", "/asked/", "/auth", "/files/missing", "/staff/", "/written"]);
    for (const client of [stranger, gone, file, inner, ...clients, written]) client.socket.destroy();
  });

  test("the backend is told the same, byte for byte, of what has waited and of what has not", async () => {
    const path = "/a%2Fb//c%3B%41/../d?x=%2f&y=%20";
    const from = backend.requests.length;
    const up = await new RawClient(world.port).send(get(path)).has("200 OK");
    await hold(world);
    const held = new RawClient(world.port).send(get(path));
    await waiting(world, 1);
    await fence(world, "release");
    await held.has("200 OK");
    const [first, second] = backend.requests.slice(from).map(({ head }) => head);
    assert.equal(first, second);
    assert.match(first ?? "", /^GET \/a%2Fb\/\/c%3B%41\/\.\.\/d\?x=%2f&y=%20 /);
    for (const client of [up, held]) client.socket.destroy();
  });

  test("who waits for too long, or is one too many, is answered as down does", async () => {
    await hold(world, "--max-held", "2", "--max-wait", "3s");
    const from = backend.requests.length;
    const first = new RawClient(world.port).send(post("/first", "x"));
    const second = new RawClient(world.port).send(get("/second"));
    await waiting(world, 2);
    const third = await new RawClient(world.port).send(post("/third", "x".repeat(3_000_000))).has("503");
    for (const client of [first, second, third]) {
      await client.has("</html>");
      assert.match(client.text, REFUSED);
      client.socket.destroy();
    }
    assert.deepEqual(paths(from), []);
    await fence(world, "release");
  });

  test("between up and down there is nothing else, however a request and a switch meet", async () => {
    const active = `${world.folder}/state/servers/web/main`;
    const up = readlinkSync(active);
    await fence(world, "down");
    const down = readlinkSync(active);
    // Nobody whom a request could be sent to by mistake.
    await until("the gate to be gone", () => endGate(world));
    let isOver = false;
    const found = new Map<string, number>();
    const agent = new http.Agent({ keepAlive: true });
    const clients = Array.from({ length: 16 }, async () => {
      while (!isOver) {
        const { status, headers } = await ask(world.port, agent);
        const what = `${status} ${String(headers["x-maintenance-mode"] ?? "-")}`;
        found.set(what, (found.get(what) ?? 0) + 1);
      }
    });
    for (let turn = 0; turn < TURNS; turn += 1) {
      symlinkSync(turn % 2 === 0 ? up : down, `${active}.turn`);
      renameSync(`${active}.turn`, active);
      await new Promise((resolve) => setImmediate(resolve));
    }
    isOver = true;
    await Promise.all(clients);
    agent.destroy();
    await fence(world, "up");
    console.log(`# ${TURNS} turns: ${JSON.stringify(Object.fromEntries(found))}`);
    assert.deepEqual([...found.keys()].sort(), ["200 -", "503 1"]);
  });

  test("one that has begun is waited for, also where it comes to its location by another one, and ends where it is led", async () => {
    let isDone: () => void = () => {};
    const done = new Promise<void>((resolve) => (isDone = resolve));
    answer = async (path, body) => {
      if (path.startsWith("/led/")) return ok(`led ${body.length}`);
      await done;
      return path === "/files/slow" ? ok("slow") : ok("", "X-Accel-Redirect: /led/there\r\n");
    };
    const slow = new RawClient(world.port).send(get("/files/slow"));
    const led = new RawClient(world.port).send(get("/leading"));
    await until("both to be in flight", async () => ((await seen(world)).inflight ?? 0) > 0);
    const holding = world.fence("hold", "--for", "5m");
    await until("the site to be held", async () => (await seen(world)).mode === "hold");
    assert.ok(((await seen(world)).inflight ?? 0) > 0);
    isDone();
    await slow.has("slow");
    await led.has("led 0");
    assert.equal((await holding).code, 0);
    assert.equal((await seen(world)).inflight, 0);
    await fence(world, "release");
    for (const client of [slow, led]) client.socket.destroy();
  });
});

describe("Hold on nginx in a config of the user's own, FastCGI", needs("nginx", "root"), () => {
  let app: FastcgiBackend;
  let world: World;
  before(async () => {
    app = await startFastcgi(({ socket, body, params }) => {
      socket.end(output(`Content-Type: text/plain\r\n\r\n${params.get("WHERE")} ${body.length}`), "latin1");
    });
    world = await startOwn(
      {
        backendPort: app.port,
        upstreamLines: `protocol = "fastcgi"\n[upstream.app.cgi]\nroot = "/srv"`,
      },
      `location / { include FOLDER/rendered/web/enter.main.conf; fastcgi_pass $fence_main_upstream; fastcgi_read_timeout 10m;
  fastcgi_param WHERE $uri; fastcgi_param REQUEST_METHOD $request_method; fastcgi_param CONTENT_LENGTH $content_length; }`,
    );
  });
  after(async () => {
    await world.fence("up");
    await world.end();
    await app.close();
  });

  test("a request waits, goes on at the release, and is answered as down does when it may not", async () => {
    const from = app.requests.length;
    await hold(world, "--max-held", "1");
    const held = new RawClient(world.port).send(post("/held", "x".repeat(100_000)));
    await waiting(world, 1);
    const beyond = await new RawClient(world.port).send(post("/beyond", "x")).has("</html>");
    assert.match(beyond.text, REFUSED);
    assert.equal(app.requests.length, from);
    await fence(world, "release");
    await held.has("/held 100000");
    for (const client of [held, beyond]) client.socket.destroy();
  });
});
