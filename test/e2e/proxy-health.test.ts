import assert from "node:assert/strict";
import { get } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { HealthCheck } from "../../src/spec/types.js";
import { inParallel, startRawSet } from "../support/backend-set.js";
import { output, startFastcgi } from "../support/fastcgi-backend.js";
import { ask } from "../support/http-answer.js";
import { needs } from "../support/needs.js";
import { startProxy, tcp, type ProxyWorld } from "../support/proxy.js";
import { ok } from "../support/raw-backend.js";
import { countOf } from "../support/spread.js";
import { until } from "../support/world.js";

const HEALTH: HealthCheck = {
  path: "/health?deep=1",
  host: "health.test",
  intervalMs: 50,
  timeoutMs: 2000,
  passes: 2,
  fails: 2,
  status: { first: 200, last: 299 },
};

const states = async (world: ProxyWorld): Promise<string> =>
  (await world.status()).backends.map(({ state }) => state).join();

/** Which backends answered 30 requests, and with which status. */
async function answers(world: ProxyWorld): Promise<string[]> {
  const all = await inParallel(30, 4, async () => {
    const { status, body } = await ask({ port: world.port, host: "main.test" });
    return status === 200 ? body : String(status);
  });
  return [...countOf(all).keys()].sort();
}

function metricsOf(world: ProxyWorld): Promise<string> {
  const socketPath = join(world.folder, "run/web/control.sock");
  return new Promise((resolve, reject) => {
    get({ socketPath, path: "/metrics", agent: false, headers: { Host: "fence" } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(text));
    }).on("error", reject);
  });
}

describe("Health checks", needs("root"), () => {
  test("A backend that answers 500 is taken out, told of, and taken back; the last one, too", async () => {
    const isIll = [false, false];
    const set = await startRawSet(2, { health: HEALTH }, ({ head, socket }, index) => {
      if (!head.startsWith("GET /health?deep=1 ")) socket.write(ok(String(index)));
      else if (isIll[index]) socket.write("HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n");
      else socket.write(ok("well"));
    });
    const { world, backends } = set;
    try {
      assert.deepEqual(await answers(world), ["0", "1"]);
      isIll[0] = true;
      await until("the first to be out", async () => (await states(world)) === "unhealthy,available");
      assert.deepEqual(await answers(world), ["1"]);
      assert.match(world.errors(), /"event":"backend-unhealthy".*"why":"status 500, not 200 to 299"/);
      const label = `{upstream="app",backend="127.0.0.1:${backends[0]?.port}"}`;
      assert.ok((await metricsOf(world)).includes(`fence_backend_up${label} 0\n`));
      assert.equal((await world.status()).backends[0]?.problem, "status 500, not 200 to 299");
      isIll[1] = true;
      await until("both to be out", async () => (await states(world)) === "unhealthy,unhealthy");
      assert.deepEqual(await answers(world), ["503"]);
      await until("a line", () => world.errors().includes('"reason":"backends-unhealthy"'));
      isIll.fill(false);
      await until("both to be back", async () => (await states(world)) === "available,available");
      assert.deepEqual(await answers(world), ["0", "1"]);
      assert.match(world.errors(), /"event":"backend-available"/);
      const check = backends[0]?.requests.find(({ head }) => head.startsWith("GET /health"));
      assert.match(check?.head ?? "", /\r\nHost: health\.test\r\n/i);
    } finally {
      await set.end();
    }
  });

  test("A backend that is silent, or closes, or is not there, is out; a reload may end the checks", async () => {
    const health = { ...HEALTH, timeoutMs: 300 };
    const set = await startRawSet(3, { health }, ({ head, socket }, index) => {
      if (!head.startsWith("GET /health")) socket.write(ok(String(index)));
      else if (index === 1) socket.destroy();
    });
    const { world, backends } = set;
    try {
      await backends[2]?.close();
      await until("all to be out", async () => (await states(world)) === "unhealthy,unhealthy,unhealthy");
      const problems = (await world.status()).backends.map(({ problem }) => problem);
      assert.equal(problems[0], "no answer in time");
      assert.match(problems[2] ?? "", /ECONNREFUSED/);
      world.respec((spec) => ({
        ...spec,
        upstreams: spec.upstreams.map((one) => ({ ...one, health: null })),
      }));
      process.kill(world.masterPid(), "SIGHUP");
      await until("all to be back", async () => (await states(world)) === "available,available,available");
      assert.deepEqual(await answers(world), ["0", "1"]);
      const asked = backends[0]?.requests.length;
      await until("a look at the clock", async () => (await world.status()).uptimeSec >= 2);
      assert.equal(backends[0]?.requests.length, asked, "nobody asks any more");
    } finally {
      await set.end();
    }
  });

  test("An application that speaks FastCGI is asked in FastCGI", async () => {
    let isIll = false;
    const seen: string[] = [];
    const backend = await startFastcgi(({ params, socket }) => {
      const uri = params.get("REQUEST_URI") ?? "";
      if (uri !== HEALTH.path) return void socket.write(output("Content-Type: text/plain\r\n\r\nwell"));
      seen.push(params.get("HTTP_HOST") ?? "");
      socket.write(output(isIll ? "Status: 500\r\n\r\n" : "Status: 204\r\n\r\n"));
    });
    const cgi = { root: "/srv/none", index: "", split: [], params: [] };
    const world = await startProxy([tcp(backend.port)], {}, { protocol: "fastcgi", cgi, health: HEALTH });
    try {
      await until("a check", () => seen.length > 0);
      assert.deepEqual(await answers(world), ["well"]);
      isIll = true;
      await until("it to be out", async () => (await states(world)) === "unhealthy");
      assert.deepEqual(await answers(world), ["503"]);
      isIll = false;
      await until("it to be back", async () => (await states(world)) === "available");
      assert.deepEqual(await answers(world), ["well"]);
      assert.equal(seen[0], "health.test");
    } finally {
      await world.end();
      await backend.close();
    }
  });
});
