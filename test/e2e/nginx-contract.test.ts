import assert from "node:assert/strict";
import http from "node:http";
import { after, before, suite, test } from "node:test";
import { probe } from "../../src/verify/probe.js";
import { siteNamed } from "../../src/plan/plan.js";
import type { Answer } from "../support/http-answer.js";
import { needs } from "../support/needs.js";
import { ORIGIN, runProgram, startContract, type Contract } from "../support/nginx-contract.js";
import { httpAt } from "../support/listen.js";

const HTML = "text/html; charset=utf-8";
const JSON_TYPE = "application/problem+json";
const TEXT = "text/plain; charset=utf-8";
const UPLOAD = Buffer.alloc(4 * 1024 * 1024, "x");

const isDown = (answer: Answer, status = 503): void => {
  assert.equal(answer.status, status, answer.body.slice(0, 200));
  assert.equal(answer.headers["x-maintenance-mode"], "1");
  assert.match(answer.headers["retry-after"] ?? "", /^[1-9]\d*$/);
  assert.equal(answer.headers["cache-control"], "no-store");
  assert.equal(answer.headers["x-content-type-options"], "nosniff");
  assert.equal(answer.headers["last-modified"], undefined);
  assert.equal(answer.headers["etag"], undefined);
};
const isLive = (answer: Answer): void => {
  assert.match(`${answer.status} ${answer.body}`, /^200 live /);
  assert.equal(answer.headers["x-maintenance-mode"], undefined);
};

/** Rows of [what the client accepts, the media type of the body]. */
const ACCEPTS: readonly (readonly [string, string])[] = [
  ["", HTML],
  ["*/*", HTML],
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML],
  ["application/json", JSON_TYPE],
  ["application/problem+json", JSON_TYPE],
  ["application/vnd.api+json", JSON_TYPE],
  ["APPLICATION/JSON", JSON_TYPE],
  ["application/json, text/plain, */*", JSON_TYPE],
  ["application/json;q=0", HTML],
  ["application/json;q=0.000", HTML],
  ["text/html, application/json", HTML],
  ["text/html;q=0.9, application/json", JSON_TYPE],
  ["text/html;q=0.899, application/json;q=0.9", JSON_TYPE],
  ["text/html;q=0.9, application/json;q=0.899", HTML],
  ["text/html;q=0.5, application/json;q=0.50", HTML],
  ["text/html;q=0.5, application/json;q=0.501", JSON_TYPE],
  ["text/html;q=0.09, application/json;q=0.1", JSON_TYPE],
  ["text/html;q=0.1, application/json;q=0.09", HTML],
  ["application/json;q=0.2, text/html;q=0.5, application/problem+json;q=0.7", JSON_TYPE],
  [
    "application/json;q=0.2, text/html;q=0.5, application/xhtml+xml;q=0.71, application/problem+json;q=0.7",
    HTML,
  ],
  ["application/json ; charset=utf-8 ; q=0.4, text/html ; level=1 ; q=0.3", JSON_TYPE],
  ["text/html;q=1.000, application/json;q=1", HTML],
  ["text/plain", TEXT],
  ["text/plain;q=0.1", TEXT],
  ["text/plain;q=0", HTML],
  ["text/plain, text/html;q=0.1", HTML],
  ["text/plain, */*", HTML],
  ["text/plain, text/*;q=0.1", HTML],
  ["text/plain, */*;q=0", TEXT],
  ["text/plain, application/json;q=0.1", JSON_TYPE],
  ["image/png", HTML],
  ["xapplication/json", HTML],
  ["text/htmlx;q=0.9, application/json;q=0.1", JSON_TYPE],
];

/** Rows of [path as it is sent, whether it passes to the live site while main is down]. */
const PATHS: readonly (readonly [string, boolean])[] = [
  ["/", false],
  ["/webhooks", true],
  ["/webhooks/", true],
  ["/webhooks/a?b", true],
  ["/webhooksx", false],
  ["/Webhooks", false],
  ["/x/../webhooks/a", true],
  ["/webhooks/../x", false],
  ["/webhooks/%2e%2e/x", false],
  ["/%77ebhooks/a", true],
  ["//webhooks", true],
  ["/webhooks%2fa", true],
  ["/legal", false],
  ["/legal/", true],
  ["/legal/x", true],
  ["/status", true],
  ["/status?x", true],
  ["/status/", false],
  ["/status%0a", false],
  ["/v1/ping", true],
  ["/v12/ping", true],
  ["/v1234/ping", false],
  ["/v1/ping/", false],
  ["/v1/ping%0a", false],
  ["/.well-known/acme-challenge/token", true],
  ["/.well-known/acme-challenge", false],
  ["/__fence/main/down.html", false],
  ["/./fence/main/down.html", false],
  ["/%2e/fence/main/down.html", false],
  ["/fence/main/down.html", false],
  ["/fence/main/health", false],
];

/** Rows of [peer, X-Forwarded-For, whether the client is allowed]. */
const CLIENTS: readonly (readonly [string, string | null, boolean])[] = [
  ["127.0.0.1", null, false],
  ["127.0.0.9", null, true],
  ["127.0.0.1", "192.0.2.7", false],
  ["127.0.0.9", "203.0.113.1", true],
  ["127.0.0.5", "192.0.2.7", true],
  ["127.0.0.5", "203.0.113.1", false],
  ["127.0.0.5", "192.0.2.7, 203.0.113.1", false],
  ["127.0.0.5", "203.0.113.1, 192.0.2.7", true],
  ["127.0.0.5", "192.0.2.7, 127.0.0.6", true],
  ["127.0.0.5", "192.0.2.7,127.0.0.6,127.0.0.5", true],
  ["127.0.0.5", "192.0.2.7, nonsense", false],
  ["127.0.0.5", "192.0.2.7, nonsense, 127.0.0.6", false],
  ["127.0.0.5", "nonsense, 192.0.2.7", true],
  ["127.0.0.5", "::ffff:192.0.2.7", true],
  ["127.0.0.5", "::ffff:203.0.113.1", false],
  ["127.0.0.5", "2001:db8::1", true],
  ["127.0.0.5", "2001:db9::1", false],
];

const PORTS = { nginx: 22010, "nginx-lua": 22020, proxy: 23110 } as const;
const HANDSHAKE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
};

for (const kind of ["nginx", "nginx-lua", "proxy"] as const) {
  const wanted = needs(...(kind === "proxy" ? [] : [kind]), "root", "curl", "openssl");
  suite(`${kind} keeps the contract`, wanted, () => {
    let c: Contract;
    before(async () => {
      c = await startContract(kind, PORTS[kind]);
      for (const site of ["main", "scoped", "six", "dead", "tls", "health-pass", "health-down"]) {
        await c.world.switchTo(site, { mode: "down" });
      }
    });
    after(() => c?.world.end());

    test("Every method gets the maintenance answer, and no backend sees one", async () => {
      const before = c.world.backend.seen.length;
      for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"]) {
        isDown(await c.ask({ method }));
      }
      assert.equal(c.world.backend.seen.length, before);
    });

    test("HEAD says the length of GET and sends no body", async () => {
      const [get, head] = [await c.ask({}), await c.ask({ method: "HEAD" })];
      isDown(head);
      assert.equal(head.body, "");
      assert.equal(head.headers["content-length"], get.headers["content-length"]);
      assert.equal(get.headers["content-length"], String(Buffer.byteLength(get.body)));
    });

    test("The spec's own headers and the CORS headers are on the answer", async () => {
      const plain = await c.ask({});
      assert.equal(plain.headers["strict-transport-security"], 'max-age=1; note="$1 \\ {}"');
      assert.equal(plain.headers["vary"], "Accept, Origin");
      assert.equal(plain.headers["access-control-allow-origin"], undefined);
      const cross = await c.ask({ headers: { Origin: ORIGIN } });
      isDown(cross);
      assert.equal(cross.headers["access-control-allow-origin"], ORIGIN);
      const foreign = await c.ask({ headers: { Origin: `${ORIGIN}.evil` } });
      assert.equal(foreign.headers["access-control-allow-origin"], undefined);
    });

    test("A preflight from a known origin gets 204, any other OPTIONS the maintenance answer", async () => {
      const asked = { "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-a, x-b" };
      const answer = await c.ask({ method: "OPTIONS", headers: { Origin: ORIGIN, ...asked } });
      assert.equal(answer.status, 204);
      assert.equal(answer.headers["access-control-allow-origin"], ORIGIN);
      assert.equal(answer.headers["access-control-allow-methods"], "PUT");
      assert.equal(answer.headers["access-control-allow-headers"], "x-a, x-b");
      isDown(await c.ask({ method: "OPTIONS", headers: { Origin: ORIGIN } }));
      isDown(await c.ask({ method: "OPTIONS", headers: { Origin: "https://evil.test", ...asked } }));
      isDown(await c.ask({ method: "PUT", headers: { Origin: ORIGIN, ...asked } }));
    });

    test("An upload of 4 MB gets its answer, and its connection serves the next request", async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      const ports = new Set<number | undefined>();
      for (let round = 0; round < 20; round++) {
        const answer = await c.ask({ method: "POST", body: UPLOAD, agent });
        isDown(answer);
        ports.add(answer.localPort);
      }
      agent.destroy();
      assert.equal(ports.size, 1);
    });

    test("Range, conditional and Expect requests get the whole answer", async () => {
      const length = (await c.ask({})).body.length;
      for (const headers of [
        { Range: "bytes=0-9" },
        { "If-None-Match": "*" },
        { "If-Modified-Since": new Date(Date.now() + 86_400_000).toUTCString() },
        { "If-Match": '"nothing"' },
        { "If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT" },
        { "Accept-Encoding": "gzip, br" },
      ]) {
        const answer = await c.ask({ headers });
        isDown(answer);
        assert.equal(answer.body.length, length, JSON.stringify(headers));
      }
      const url = `http://127.0.0.1:${c.port}/`;
      const curl = [
        "-s",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "-H",
        "Host: main.test",
        "-H",
        "Expect: 100-continue",
      ];
      assert.equal((await runProgram("curl", [...curl, "-d", "x=1", url])).stdout, "503");
    });

    test("A WebSocket handshake gets the maintenance answer", async () => {
      isDown(await c.ask({ headers: HANDSHAKE }));
    });

    test("The body has the media type that the client prefers", async () => {
      for (const [accept, type] of ACCEPTS) {
        const answer = await c.ask(accept === "" ? {} : { headers: { Accept: accept } });
        isDown(answer);
        assert.equal(answer.headers["content-type"], type, `Accept: ${accept}`);
      }
      const problem = JSON.parse((await c.ask({ headers: { Accept: "application/json" } })).body) as {
        status: number;
      };
      assert.equal(problem.status, 503);
    });

    test("Pass rules, ACME and normalised paths decide what reaches the live site", async () => {
      for (const [path, passes] of PATHS) {
        const answer = await c.ask({ path });
        assert.equal(answer.headers["x-maintenance-mode"] === undefined, passes, `${path}: ${answer.status}`);
        if (passes) isLive(answer);
        else isDown(answer);
      }
      isDown(await c.ask({ host: "six.test", path: "/.well-known/acme-challenge/token" }));
    });

    test("Allowed clients are told by the peer, or by trusted proxies alone", async () => {
      for (const [from, forwarded, passes] of CLIENTS) {
        const answer = await c.ask({
          from,
          headers: forwarded === null ? {} : { "X-Forwarded-For": forwarded },
        });
        assert.equal(answer.status, passes ? 200 : 503, `${from} ${forwarded}`);
      }
      isLive(await c.ask({ host: "six.test", to: "::1" }));
      isDown(await c.ask({ host: "six.test", to: "127.0.0.1" }));
    });

    test("The health path passes, is answered or is down as the spec says, for GET and HEAD", async () => {
      const ok = await c.ask({ path: "/health" });
      assert.deepEqual([ok.status, ok.body, ok.headers["content-type"]], [200, "ok\n", TEXT]);
      assert.equal(ok.headers["cache-control"], "no-store");
      const head = await c.ask({ path: "/health", method: "HEAD" });
      assert.deepEqual([head.status, head.headers["content-length"]], [200, "3"]);
      isDown(await c.ask({ path: "/health", method: "POST" }));
      isDown(await c.ask({ path: "/health/" }));
      isLive(await c.ask({ host: "health-pass.test", path: "/health" }));
      isDown(await c.ask({ host: "health-pass.test", path: "/health", method: "POST" }));
      isDown(await c.ask({ host: "health-down.test", path: "/health" }));
      isLive(await c.ask({ host: "health-down.test", path: "/health", method: "POST" }));
      isLive(await c.ask({ host: "health-down.test", path: "/" }));
    });

    test("Only the paths of the maintenance go down, with its status", async () => {
      for (const path of ["/api", "/api/x", "/%61pi", "/x/../api", "/shop/", "/shop/a"]) {
        isDown(await c.ask({ host: "scoped.test", path }), 500);
      }
      for (const path of ["/", "/apix", "/shop", "/api/../x"])
        isLive(await c.ask({ host: "scoped.test", path }));
    });

    test("Other sites stay up, and a host that no site has gets 404", async () => {
      isLive(await c.ask({ host: "other.test" }));
      for (const host of ["nobody.test", "x.other.test"]) {
        const answer = await c.ask({ host });
        assert.equal(answer.status, 404);
        assert.equal(answer.headers["x-maintenance-mode"], undefined);
      }
    });

    test("Neither case nor port nor a wildcard of the host matters", async () => {
      for (const host of ["MAIN.test", "main.test:8080", "a.main.test", "A.b.Main.Test"])
        isDown(await c.ask({ host }));
    });

    test("A dead backend changes nothing of the answer", async () => {
      isDown(await c.ask({ host: "dead.test" }));
    });

    test("HTTP/2 over TLS gets the same answer, also after an upload of 4 MB", async () => {
      const url = `https://tls.test:${c.tlsPort}/`;
      const curl = ["-sk", "--http2", "--resolve", `tls.test:${c.tlsPort}:127.0.0.1`, "-o", "/dev/null"];
      const format = ["-w", "%{http_version} %{http_code} "];
      for (let round = 0; round < 5; round++) {
        const posting = runProgram("curl", [...curl, ...format, "--data-binary", "@-", url]);
        posting.child.stdin?.on("error", () => {});
        posting.child.stdin?.end(UPLOAD);
        assert.equal((await posting).stdout, "2 503 ");
      }
      assert.equal((await runProgram("curl", [...curl, ...format, "-I", url])).stdout, "2 503 ");
      isDown(await c.ask({ host: "tls.test", port: c.tlsPort, tls: true }));
    });

    test("Down routes answer like everything else", async () => {
      for (const path of ["/files/a.css", "/files/none", "/last/none", "/plain/a.css"])
        isDown(await c.ask({ path }));
    });

    test("The probe tells the mode, never exempt and never from a backend", async () => {
      const { spec } = c.world.plan;
      const listen = httpAt(c.port);
      for (const [name, mode] of [
        ["main", "down"],
        ["scoped", "down"],
        ["health-down", "down"],
        ["dead", "down"],
        ["other", "up"],
      ] as const) {
        const site = siteNamed(spec, name);
        const result = await probe(site, listen, site.hosts[0] ?? "");
        assert.equal(result.mode, mode, JSON.stringify(result));
        assert.ok((result.generation ?? 0) > 0);
      }
      const tls = siteNamed(spec, "tls");
      assert.equal((await probe(tls, { ...listen, port: c.tlsPort, tls: true }, "tls.test")).mode, "down");
      assert.ok(!c.world.backend.seen.some((line) => line.includes("/fence/probe")));
    });

    test("Retry-After counts to the announced end and falls back to the spec's value", async () => {
      const leftSec = 1000;
      await c.world.switchTo("main", { mode: "down", untilMs: Date.now() + leftSec * 1000, leftSec });
      const seconds = Number((await c.ask({})).headers["retry-after"]);
      if (kind === "nginx") assert.equal(seconds, 1200);
      else assert.ok(seconds > leftSec - 30 && seconds <= leftSec + 1, String(seconds));
      await c.world.switchTo("main", { mode: "down", untilMs: Date.now() - 1000 });
      assert.equal((await c.ask({})).headers["retry-after"], "120");
    });

    test("Up again: routes, fallbacks, proxying and WebSocket handshakes work", async () => {
      await c.world.switchTo("main", { mode: "up" });
      isLive(await c.ask({ path: "/a?b=c", headers: { "X-Forwarded-For": "1.2.3.4", Proxy: "x" } }));
      const forwarded = c.world.backend.headers.at(-1) ?? {};
      assert.equal(forwarded["host"], "main.test");
      // Nothing is passed on of a peer that is not trusted.
      assert.equal(forwarded["x-forwarded-for"], "127.0.0.1");
      assert.equal(forwarded["proxy"], undefined);
      const upgrade = await c.ask({ headers: HANDSHAKE });
      assert.equal(upgrade.status, 101);
      const css = await c.ask({ path: "/files/a.css" });
      assert.deepEqual(
        [css.status, css.body, css.headers["content-type"]],
        [200, "a{}\n", "text/css; charset=utf-8"],
      );
      assert.equal((await c.ask({ path: "/files/sub/b%20c.txt" })).body, "b\n");
      assert.equal((await c.ask({ path: "/plain/a.css" })).body, "a{}\n");
      assert.equal((await c.ask({ path: "/plain/none" })).status, 404);
      for (const [path, location] of [
        ["/files/none.css?v=1", "https://bucket.test/x/files/none.css"],
        ["/files/a%20b%2Fc/../d", "https://bucket.test/x/files/a%20b%2Fc/../d"],
        ["/files/", "https://bucket.test/x/files/"],
        ["/last/deep/er/none%20x?v", "https://bucket.test/none%20x"],
      ] as const) {
        for (const method of ["GET", "HEAD"]) {
          const answer = await c.ask({ path, method });
          assert.deepEqual([answer.status, answer.headers["location"]], [302, location]);
          assert.equal(answer.headers["cache-control"], "no-store");
        }
        assert.equal((await c.ask({ path, method: "POST" })).status, 404);
      }
      for (const path of ["/__fence/main/down.html", "/./fence/main/down.html"])
        isLive(await c.ask({ path }));
    });
  });
}
