import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { ask, curl } from "../support/ask.js";
import { createStage, type Stage } from "../support/lighttpd-stage.js";
import { needs } from "../support/needs.js";

const PROBE = "/.well-known/fence/probe";
const HOST = { Host: "main.test" };

suite("while a site is down on lighttpd", needs("lighttpd"), () => {
  let stage: Stage;
  before(async () => {
    stage = await createStage({
      main: {
        maintenance: {
          headers: [{ name: "Strict-Transport-Security", value: "max-age=31536000" }],
          corsOrigins: ["https://app.test"],
        },
      },
    });
    await stage.switch("down");
  });
  after(() => stage.end());

  const down = (more: Parameters<typeof ask>[0] | object = {}) =>
    ask({ port: stage.port, ...more, headers: { ...HOST, ...(more as { headers?: object }).headers } });

  test("every method gets the 503 with all headers, and nothing reaches the backend", async () => {
    stage.reached();
    for (const method of ["GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "PATCH"]) {
      const answer = await down({ method, path: "/a?b=c" });
      assert.equal(answer.status, 503, method);
      assert.equal(answer.headers["x-maintenance-mode"], "1");
      assert.equal(answer.headers["retry-after"], "120");
      assert.equal(answer.headers["cache-control"], "no-store");
      assert.equal(answer.headers["vary"], "Accept, Origin");
      assert.equal(answer.headers["x-content-type-options"], "nosniff");
      assert.equal(answer.headers["strict-transport-security"], "max-age=31536000");
      assert.equal(answer.headers["content-type"], "text/html; charset=utf-8");
      assert.match(answer.body, /<h1>Down for maintenance<\/h1>/);
    }
    assert.deepEqual(stage.reached(), []);
  });

  test("HEAD has the Content-Length of GET and no body", async () => {
    const [get, head] = [await down(), await down({ method: "HEAD" })];
    assert.equal(head.status, 503);
    assert.equal(head.body, "");
    assert.equal(head.headers["content-length"], get.headers["content-length"]);
    assert.equal(Number(get.headers["content-length"]), get.body.length);
  });

  test("Range and conditional requests get the whole 503", async () => {
    const rows = [
      { Range: "bytes=0-3" },
      { "If-None-Match": "*" },
      { "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT" },
      { "If-Match": '"x"' },
    ];
    for (const headers of rows) {
      const answer = await down({ headers });
      assert.equal(answer.status, 503, JSON.stringify(headers));
      assert.equal(Number(answer.headers["content-length"]), answer.body.length);
      assert.match(answer.body, /<\/html>/);
    }
  });

  test("a WebSocket handshake gets the 503", async () => {
    const key = { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13" };
    const answer = await down({ headers: { Connection: "Upgrade", Upgrade: "websocket", ...key } });
    assert.equal(answer.status, 503);
  });

  test("twenty uploads of 4 MB all see the 503 and no reset", async () => {
    const body = Buffer.alloc(4 * 1024 * 1024, "x");
    for (let round = 0; round < 20; round += 1) {
      const answer = await down({ method: "POST", body });
      assert.equal(answer.status, 503);
      assert.match(answer.body, /<\/html>/);
    }
  });

  test("a client that asks before it uploads is told 503 at once", needs("curl"), async () => {
    const args = ["-H", "Host: main.test", "-H", "Expect: 100-continue", "-v"];
    const result = await curl(
      ...args,
      "--expect100-timeout",
      "15",
      "-d",
      "x".repeat(2000),
      `http://127.0.0.1:${stage.port}/`,
    );
    assert.match(result.stderr, /< HTTP\/1\.1 503/);
    assert.doesNotMatch(result.stderr, /< HTTP\/1\.1 100/);
  });

  test("Accept decides between HTML, JSON and text", async () => {
    const [html, json, text] = [
      "text/html; charset=utf-8",
      "application/problem+json",
      "text/plain; charset=utf-8",
    ];
    const rows: [string | null, string][] = [
      [null, html],
      ["*/*", html],
      ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", html],
      ["application/json", json],
      ["Application/JSON", json],
      ["application/problem+json", json],
      ["application/vnd.api+json", json],
      ["application/json, */*", json],
      ["application/json;q=0.9, text/html;q=0.5", json],
      ["application/json;q=0.5, text/html;q=0.9", html],
      ["application/json;q=0.5, text/html;q=0.5", html],
      ["application/json, text/html", html],
      ["application/json;q=0", html],
      ["application/json;q=0, text/plain", text],
      ["text/plain", text],
      ["text/plain;q=0.1", text],
      ["text/plain, */*", html],
      ["text/plain, text/*;q=0.1", html],
      ["text/plain, */*;q=0", text],
      ["text/plain, text/html;q=0.1", html],
      ["image/png", html],
    ];
    for (const [accept, expected] of rows) {
      const answer = await down(accept === null ? {} : { headers: { Accept: accept } });
      assert.equal(answer.headers["content-type"], expected, String(accept));
      assert.equal(Number(answer.headers["content-length"]), answer.body.length);
    }
  });

  test("a named origin may read the answer, and its preflight gets 204; another origin gets neither", async () => {
    const preflight = {
      "Access-Control-Request-Method": "PUT",
      "Access-Control-Request-Headers": "x-a, x-b",
    };
    const named = await down({ headers: { Origin: "https://app.test" } });
    assert.equal(named.status, 503);
    assert.equal(named.headers["access-control-allow-origin"], "https://app.test");
    assert.equal(named.headers["access-control-expose-headers"], "Retry-After, X-Maintenance-Mode");
    const asked = await down({ method: "OPTIONS", headers: { Origin: "https://app.test", ...preflight } });
    assert.equal(asked.status, 204);
    assert.equal(asked.headers["access-control-allow-methods"], "PUT");
    assert.equal(asked.headers["access-control-allow-headers"], "x-a, x-b");
    for (const origin of ["https://evil.test", "https://app.test.evil.test", "null"]) {
      const other = await down({ method: "OPTIONS", headers: { Origin: origin, ...preflight } });
      assert.equal(other.status, 503);
      assert.equal(other.headers["access-control-allow-origin"], undefined);
    }
    const plain = await down({ method: "OPTIONS", headers: { Origin: "https://app.test" } });
    assert.equal(plain.status, 503, "OPTIONS that is no preflight");
  });

  test("the host is compared without case, port and closing dot; other sites stay live", async () => {
    for (const host of ["MAIN.test", "main.test:8080", "main.test."]) {
      assert.equal((await down({ headers: { Host: host } })).status, 503, host);
    }
    assert.equal((await down({ headers: { Host: "other.test" } })).status, 200);
    assert.equal((await down({ headers: { Host: "unknown.test" } })).status, 404);
  });

  test("both address families are gated", async () => {
    assert.equal((await down({ host: "::1", port: stage.port6 })).status, 503);
  });

  test("the probe gets the down answer with its generation, and up again with the next one", async () => {
    const headers = { Accept: "application/problem+json" };
    stage.reached();
    const first = await down({ path: PROBE, headers });
    assert.equal(first.status, 503);
    assert.equal(first.headers["x-maintenance-mode"], "1");
    assert.match(first.body, /"generation":2\b/);
    await stage.switch("up");
    const second = await down({ path: PROBE, headers });
    assert.equal(second.status, 200);
    assert.equal(second.headers["content-type"], "application/json");
    assert.equal(second.headers["cache-control"], "no-store");
    assert.equal(second.headers["x-maintenance-mode"], undefined);
    assert.equal(second.body, '{"fence":"up","site":"main","generation":3}\n');
    assert.deepEqual(stage.reached(), []);
    assert.equal((await down()).body, "live\n");
    await stage.switch("down");
  });

  test("Retry-After counts down to the end that was given", async () => {
    await stage.switch("down", { untilMs: Date.now() + 600_000, retryAfterSec: 7 });
    const ahead = Number((await down()).headers["retry-after"]);
    assert.ok(ahead > 400 && ahead <= 601, String(ahead));
    await stage.switch("down", { untilMs: Date.now() - 1000, retryAfterSec: 7 });
    assert.equal((await down()).headers["retry-after"], "7");
  });

  test("a dead backend makes no difference", async () => {
    await stage.killBackend();
    for (let round = 0; round < 5; round += 1)
      assert.equal((await down()).headers["x-maintenance-mode"], "1");
  });

  test("nothing was logged as an error", () => {
    const errors = stage.running
      .errors()
      .split("\n")
      .filter((line) => line && !/server started|clock jumped/.test(line));
    assert.deepEqual(
      errors.filter((line) => /mod_magnet|lua/i.test(line)),
      [],
    );
    assert.ok(readFileSync(`/proc/${stage.running.masterPid}/stat`, "utf8"), "it still runs");
  });
});
