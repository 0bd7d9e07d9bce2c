import assert from "node:assert/strict";
import { readFileSync, renameSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Server } from "../../src/spec/types.js";
import { exchange } from "../support/raw-client.js";
import { ok, startRawBackend, type RawBackend } from "../support/raw-backend.js";
import { needs } from "../support/needs.js";
import { startProxy, tcp, type ProxyWorld } from "../support/proxy.js";
import { waitUntil } from "../../src/base/clock.js";
import { freePort } from "../support/world.js";

interface Line {
  client: string;
  host: string | null;
  site: string | null;
  method: string | null;
  target: string | null;
  protocol: string | null;
  status: number;
  bytes: number;
  backend: string | null;
  user_agent: string | null;
  reason: string | null;
}

/** Looks until there is something. @throws AssertionError when there never is */
async function until<T>(what: string, look: () => T | null | Promise<T | null>): Promise<T> {
  const found = await waitUntil(look, { timeoutMs: 20_000, intervalMs: 20 });
  assert.ok(found !== null, `never came: ${what}`);
  return found;
}

/** What a server of plain HTTP answers. */
function get(where: http.RequestOptions): Promise<{ status: number; type: string; text: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request({ path: "/metrics", agent: false, ...where }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers["content-type"] ?? "", text }),
      );
    });
    request.on("error", reject).end();
  });
}

/** Prometheus' text format, strictly: series to value. @throws AssertionError for a line that is none */
function parse(text: string): Map<string, number> {
  const series = new Map<string, number>();
  assert.ok(text.endsWith("\n"));
  for (const line of text.split("\n")) {
    if (line === "" || /^# (HELP|TYPE) [a-z_]+ \S/.test(line)) continue;
    const match =
      /^([a-z_]+(?:\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})?) (\S+)$/.exec(
        line,
      );
    assert.ok(match !== null, `not a line of the format: ${line}`);
    const [, name = "", value] = match;
    assert.ok(!series.has(name), `twice: ${name}`);
    series.set(name, Number(value));
  }
  return series;
}

describe("The operations of the proxy", needs("root"), () => {
  let backend: RawBackend;
  let world: ProxyWorld;
  let metricsPort: number;
  const log = (): string => join(world.folder, "access.log");
  const lines = (file = log()): Line[] =>
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Line);
  const lineOf = (target: string, file?: string): Promise<Line> =>
    until(`a line of ${target}`, () => lines(file).find((line) => line.target === target) ?? null);
  const ask = (target: string, more = "", host = "main.test") =>
    exchange(world.port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`);
  const control = () =>
    get({ socketPath: join(world.folder, "run/web/control.sock"), headers: { Host: "fence" } });
  const change = async (server: Partial<Server>): Promise<void> => {
    const { reloads } = await world.status();
    world.respec((spec) => ({ ...spec, servers: spec.servers.map((one) => ({ ...one, ...server })) }));
    process.kill(world.masterPid(), "SIGHUP");
    await until("the reload", async () => ((await world.status()).reloads > reloads ? true : null));
  };

  before(async () => {
    backend = await startRawBackend(({ head, socket }) => {
      if (head.includes("/cut")) socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
      else if (head.includes("/none")) socket.end();
      else socket.write(ok("hello"));
    });
    world = await startProxy([tcp(backend.port)]);
    metricsPort = await freePort();
    await change({
      accessLog: { format: "json", file: log() },
      metrics: { address: "127.0.0.1", port: metricsPort },
    });
  });
  after(async () => {
    await world?.end();
    await backend?.close();
  });

  test("A line tells the request, and neither its cookies nor its authorization", async () => {
    const secret = "Cookie: sid=s3cret\r\nAuthorization: Basic s3cret\r\nProxy-Authorization: s3cret\r\n";
    await ask("/first?a=b", `User-Agent: "\\\xe9\r\n${secret}`);
    const line = await lineOf("/first?a=b");
    const { client, host, site, method, protocol, status, bytes, reason } = line;
    assert.deepEqual(
      { client, host, site, method, protocol, status, bytes, reason },
      {
        client: "127.0.0.1",
        host: "main.test",
        site: "main",
        method: "GET",
        protocol: "HTTP/1.1",
        status: 200,
        bytes: 5,
        reason: null,
      },
    );
    assert.equal(line.backend, `127.0.0.1:${backend.port}`);
    assert.ok(!readFileSync(log(), "utf8").includes("s3cret"));
    assert.match(readFileSync(log(), "utf8"), /^[\x20-\x7e\n]*$/);
  });

  test("A line tells why a request failed, and which backend had it", async () => {
    await ask("/none");
    const none = await lineOf("/none");
    assert.deepEqual([none.status, none.reason], [502, "backend-closed"]);
    assert.equal(none.backend, `127.0.0.1:${backend.port}`);
    await ask("/cut").catch(() => {});
    const cut = await lineOf("/cut");
    assert.deepEqual([cut.status, cut.reason], [200, "backend-cut-off"]);
    await ask("/elsewhere", "", "other.test");
    const other = await lineOf("/elsewhere");
    assert.deepEqual([other.status, other.site, other.backend], [404, null, null]);
  });

  test("A request that is refused has a line of its own, with nothing of the one before it", async () => {
    await exchange(world.port, "GET /before HTTP/1.1\r\nHost: main.test\r\n\r\nGET /bad HTTP/2.0\r\n\r\n");
    await lineOf("/before");
    const line = await until("its line", () => lines().find(({ target }) => target === null) ?? null);
    assert.deepEqual([line.status, line.site, line.backend, line.host], [505, null, null, null]);
    assert.notEqual(line.reason, null);
  });

  test("Metrics count each request once, on the control socket and on the listener alike", async () => {
    const series = 'fence_requests_total{site="main",mode="up",status="2xx"}';
    const duration = 'fence_request_duration_seconds_count{site="main"}';
    const before = parse((await control()).text);
    for (let round = 0; round < 20; round += 1) await ask("/count");
    const { status, type, text } = await get({ port: metricsPort });
    assert.deepEqual([status, type], [200, "text/plain; version=0.0.4; charset=utf-8"]);
    const now = parse(text);
    assert.equal((now.get(series) ?? 0) - (before.get(series) ?? 0), 20);
    assert.equal((now.get(duration) ?? 0) - (before.get(duration) ?? 0), 20);
    assert.equal(now.get('fence_request_duration_seconds_bucket{site="main",le="+Inf"}'), now.get(duration));
    assert.equal(
      (now.get("fence_connections_total") ?? 0) - (before.get("fence_connections_total") ?? 0),
      20,
    );
    assert.ok((now.get("fence_received_bytes_total") ?? 0) > (before.get("fence_received_bytes_total") ?? 0));
    assert.equal(now.get('fence_held{site="main"}'), 0);
    assert.equal(now.get('fence_mode{site="main",mode="up"}'), 1);
    assert.equal(now.get(`fence_backend_up{upstream="app",backend="127.0.0.1:${backend.port}"}`), 1);
    assert.ok((now.get("process_resident_memory_bytes") ?? 0) > 1e6);
  });

  test("The listener of metrics answers nothing else", async () => {
    assert.equal((await get({ port: metricsPort, path: "/status" })).status, 404);
    assert.equal((await get({ port: metricsPort, method: "POST" })).status, 405);
    const head = await get({ port: metricsPort, method: "HEAD" });
    assert.deepEqual([head.status, head.text], [200, ""]);
    // And a site's listener does not answer for it.
    assert.match(JSON.stringify(await ask("/metrics")), /hello/);
  });

  test("SIGUSR1 opens the log anew, and no debugger", async () => {
    renameSync(log(), `${log()}.1`);
    process.kill(world.masterPid(), "SIGUSR1");
    await until("the new file", () => {
      try {
        readFileSync(log());
        return true;
      } catch {
        return null;
      }
    });
    await ask("/after");
    await lineOf("/after");
    assert.ok(lines(`${log()}.1`).length > 0);
    await assert.rejects(get({ port: 9229, path: "/json/version" }), /ECONNREFUSED/);
  });

  test("A reload takes both away again", async () => {
    await change({ accessLog: null, metrics: null });
    await assert.rejects(get({ port: metricsPort }), /ECONNREFUSED/);
    const had = lines().length;
    await ask("/unlogged");
    assert.equal((await control()).status, 200);
    assert.equal(lines().length, had);
  });
});
