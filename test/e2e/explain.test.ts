import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import type { Context } from "../../src/cli/context.js";
import { explain } from "../../src/cli/explain.js";
import type { Output } from "../../src/cli/output.js";
import { ask } from "../support/ask.js";
import { needs } from "../support/needs.js";
import { createWorld, freePort, type World } from "../support/world.js";

const SITE = `route = [
  { path = "/api/", upstream = "api", strip_prefix = true },
  { path = { exact = "/api/one" }, upstream = "app" },
  { path = "/api/own/", upstream = "app" },
  { path = { regex = "^/v[0-9]+/" }, upstream = "api", add_prefix = "/new" },
  { path = { regex = "^/v1/" }, upstream = "app" },
  { path = "/files/", dir = "/nonexistent/files" },
]

[site.main.maintenance]
paths = ["/api", "/v1", "/shop", "/health", "/x", "/files"]
status = 502
cors_origins = ["https://app.test"]

[site.main.exceptions]
allow = ["10.0.0.0/8", "203.0.113.0/24"]
trusted_proxies = ["127.0.0.1"]
pass = ["/api/open", { exact = "/x" }, { regex = "^/v1/re[0-9]" }]
health = { path = "/health", while_down = "ok" }

`;

interface Row {
  path: string;
  method?: string;
  headers?: Readonly<Record<string, string>>;
}

const PREFLIGHT = { Origin: "https://app.test", "Access-Control-Request-Method": "PUT" };
const ROWS: readonly Row[] = [
  ...[
    "/",
    "/api",
    "/api/",
    "/api/x?q=1",
    "/apis",
    "/%61pi/x",
    "/api/../shop",
    "//api//x",
    "/api/one",
    "/api/one/",
  ],
  ...[
    "/api/own/x",
    "/api/open/x",
    "/api/opens",
    "/v1/x",
    "/v12/x",
    "/v1/re7",
    "/x",
    "/x/y",
    "/files/a",
    "/files",
  ],
  ...["/shop", "/shopping", "/.well-known/acme-challenge/t", "/health", "/api/a%2Fb"],
]
  .map((path): Row => ({ path }))
  .concat([
    { path: "/health", method: "POST" },
    { path: "/health", method: "HEAD" },
    { path: "/shop", headers: { "X-Forwarded-For": "10.1.2.3" } },
    { path: "/shop", headers: { "X-Forwarded-For": "10.1.2.3, 198.51.100.1" } },
    { path: "/api/x", headers: { "X-Forwarded-For": "203.0.113.9, 127.0.0.1" } },
    { path: "/shop", method: "OPTIONS", headers: PREFLIGHT },
    { path: "/shop", method: "OPTIONS", headers: { ...PREFLIGHT, Origin: "https://other.test" } },
    { path: "/shop", headers: { Cookie: "fence_bypass=nobody" } },
  ]);

interface Told {
  servers: readonly {
    mode: string;
    site: { upstream: string | null; folder: string | null; target: string | null; decision: string };
  }[];
}

async function startBackend(name: string, port = 0): Promise<{ server: http.Server; port: number }> {
  const server = http.createServer(({ url = "" }, response) => response.end(`${name} ${url}`));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

describe("fence explain", needs("root"), () => {
  let world: World;
  const servers: http.Server[] = [];
  before(async () => {
    const [app, api] = await Promise.all([startBackend("app", await freePort()), startBackend("api")]);
    servers.push(app.server, api.server);
    world = await createWorld({
      kind: "proxy",
      backendPort: app.port,
      siteLines: `${SITE}[upstream.api]\nbackends = ["127.0.0.1:${api.port}"]\n`,
    });
    const applied = await world.fence("apply");
    assert.equal(applied.code, 0, applied.stderr);
    await world.start();
  });
  after(async () => {
    await world.end();
    for (const server of servers) server.close();
  });

  /** What it says of a request to the world's site from 127.0.0.1. */
  const told = async ({ path, method = "GET", headers = {} }: Row): Promise<Told["servers"][number]> => {
    const lines: string[] = [];
    const header = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const url = `http://main.test:${world.port}${path}`;
    await explain(contextOf(world.specFile, lines), url, { method, header, ip: "127.0.0.1" });
    const [one] = (JSON.parse(lines.join("")) as Told).servers;
    assert.ok(one);
    return one;
  };

  /** What the proxy does. */
  const seen = async ({ path, method = "GET", headers = {} }: Row): Promise<string> => {
    const all = { Host: "main.test", ...headers };
    const { status, body, headers: got } = await ask({ port: world.port, path, method, headers: all });
    if (got["x-maintenance-mode"] !== undefined) return "down";
    if (status === 204) return "preflight";
    if (method === "HEAD") return String(status);
    return body === "ok\n" ? "health-ok" : status === 404 ? "404" : body;
  };

  const live = ({ upstream, folder, target }: Told["servers"][number]["site"]): string =>
    upstream === null ? (folder === null ? "nothing" : "404") : `${upstream} ${target}`;

  test("it agrees with the proxy in every mode, request for request", async () => {
    const wrong: string[] = [];
    for (const mode of ["up", "down"]) {
      if (mode === "down") assert.equal((await world.fence("down", "--yes")).code, 0);
      for (const row of ROWS) {
        const one = await told(row);
        const passes = ["live", "allow", "bypass"].includes(one.site.decision);
        const expected = mode === "up" || passes ? live(one.site) : one.site.decision;
        const got = await seen(row);
        const fits = row.method === "HEAD" ? got === "200" : got === expected;
        if (!fits || one.mode !== mode) wrong.push(`${mode} ${JSON.stringify(row)}: ${got}, not ${expected}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  test("it tells rules with their lines, and why others do not count", async () => {
    const url = `http://main.test:${world.port}/v1/re7`;
    const { code, stdout } = await world.fence("explain", url);
    assert.equal(code, 0);
    assert.match(stdout, /site +main, by main\.test \(fence\.toml:\d+\): its host is this one/);
    assert.match(
      stdout,
      /route +regex \^\/v\[0-9\]\+\/ \(fence\.toml:\d+\): its regular expression is the first/,
    );
    assert.match(stdout, /not regex \^\/v1\/ \(fence\.toml:\d+\): one that stands before it fits, too/);
    assert.match(stdout, /exception +pass regex \^\/v1\/re\[0-9\] \(fence\.toml:\d+\): the path fits/);
    assert.match(stdout, /goes to +upstream api, asked for \/new\/v1\/re7/);
  });

  test("a bypass counts as long as it does", async () => {
    const made = await world.fence("bypass", "new", "main", "--json");
    const [token = ""] = /[0-9]{10}-[\w-]{43}/.exec(made.stdout) ?? [];
    const row = { path: "/shop", headers: { Cookie: `fence_bypass=${token}` } };
    assert.equal((await told(row)).site.decision, "bypass");
    assert.equal((await world.fence("bypass", "revoke", "--all")).code, 0);
    assert.equal((await told(row)).site.decision, "down");
  });

  test("what is no URL, no address, no header or no request is refused in one sentence", async () => {
    const rows: readonly (readonly [string[], RegExp])[] = [
      [["/api/x"], /"\/api\/x" is no URL of a site/],
      [["http://main.test/", "--ip", "somewhere"], /"somewhere" is no address/],
      [["http://main.test/", "--header", "x"], /"x" is no header/],
      [["http://main.test/a b"], /no server takes such a request: 400/],
    ];
    for (const [args, sentence] of rows) {
      const { code, stderr } = await world.fence("explain", ...args);
      assert.equal(code, 64, stderr);
      assert.match(stderr, sentence);
    }
    const other = await world.fence("explain", "http://other.test/");
    assert.match(other.stdout, /site +none/);
  });
});

function contextOf(config: string, lines: string[]): Context {
  const out: Output = {
    isTerminal: false,
    columns: 80,
    colour: false,
    unicode: true,
    closed: false,
    write: (text) => void lines.push(text),
    line: (text = "") => void lines.push(text),
    paint: (_style, text) => text,
  };
  const flags = { json: true, quiet: false, verbose: false, yes: true, mayAsk: false };
  return { out, err: out, env: process.env, ...flags, config, actor: "test", commandLine: "fence explain" };
}
