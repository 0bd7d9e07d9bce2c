import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildRewrite } from "../../src/spec/build-answers.js";
import { output, startFastcgi } from "../support/fastcgi-backend.js";
import { startFront } from "../support/front.js";
import { request, session } from "../support/http2-client.js";
import { ask } from "../support/http-answer.js";
import { httpAt, httpsAt } from "../support/listen.js";
import { needs } from "../support/needs.js";
import { startProxy, tcp, type ProxyWorld } from "../support/proxy.js";
import { exchange } from "../support/raw-client.js";
import { freePort } from "../support/world.js";

const REWRITE = buildRewrite({
  request: {
    set: { "X-Request-Source": "fence", "x-secret": "ours" },
    remove: ["Cookie", "Accept-Encoding"],
  },
  response: { set: { "X-Frame-Options": "DENY" }, remove: ["Server", "X-Powered-By"] },
  location: [
    { from: "http://app.internal:8080/", to: "https://main.test/" },
    { from: "/app/", to: "/" },
  ],
  cookie_domain: [{ from: "app.internal", to: "main.test" }],
  cookie_path: [{ from: "/app/", to: "/" }],
});

describe("Rewriting by the proxy", needs("root", "openssl"), () => {
  let world: ProxyWorld;
  let port: number;
  let tlsPort: number;
  const heads: string[][] = [];
  const backend = http.createServer((asked, response) => {
    heads.push(asked.rawHeaders);
    response.setHeader("Server", "backend");
    response.setHeader("x-powered-by", "backend");
    response.setHeader("Set-Cookie", ["a=1; Domain=app.internal; Path=/app/x", "b=2"]);
    if (asked.url === "/hints") response.writeEarlyHints({ link: "</a.css>; rel=preload", server: "early" });
    const location = decodeURIComponent(asked.url?.split("?to=")[1] ?? "");
    if (location !== "") response.setHeader("Location", location);
    response.statusCode = location === "" ? 200 : 302;
    response.end("body");
  });
  before(async () => {
    await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
    port = await freePort();
    tlsPort = await freePort();
    world = await startFront(
      () => [httpAt(port), httpsAt(tlsPort, true)],
      (backend.address() as AddressInfo).port,
      { rewrite: REWRITE },
    );
  });
  after(async () => {
    await world?.end();
    backend.closeAllConnections();
    backend.close();
  });

  const valuesOf = (name: string): string[] => {
    const raw = heads.at(-1) ?? [];
    return raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name);
  };

  test("A backend gets the headers that are set and none that are taken out, and what fence tells it", async () => {
    const headers = { Cookie: "a=b", "Accept-Encoding": "gzip", "X-Secret": "theirs", "X-Other": "1" };
    await ask({ port, host: "main.test", headers });
    assert.deepEqual(valuesOf("x-request-source"), ["fence"]);
    assert.deepEqual(valuesOf("x-secret"), ["ours"]);
    assert.deepEqual(valuesOf("cookie"), []);
    assert.deepEqual(valuesOf("accept-encoding"), []);
    assert.deepEqual(valuesOf("x-other"), ["1"]);
    assert.deepEqual(valuesOf("x-forwarded-host"), ["main.test"]);
    assert.deepEqual(valuesOf("host"), ["main.test"]);
  });

  test("A client gets the headers that are set and none that are taken out", async () => {
    const { headers, body } = await ask({ port, host: "main.test" });
    assert.equal(headers["x-frame-options"], "DENY");
    assert.equal(headers["server"], undefined);
    assert.equal(headers["x-powered-by"], undefined);
    assert.deepEqual(headers["set-cookie"], ["a=1; Domain=main.test; Path=/x", "b=2"]);
    assert.equal(body, "body");
  });

  test("Redirects of the backend lead to the public host, others where they led", async () => {
    const told = async (location: string): Promise<unknown> => {
      const path = `/?to=${encodeURIComponent(location)}`;
      return (await ask({ port, host: "main.test", path })).headers.location;
    };
    assert.equal(await told("http://app.internal:8080/a?b"), "https://main.test/a?b");
    assert.equal(await told("/app/x"), "/x");
    for (const other of ["https://evil.test/", "//app.internal:8080/", "/app///evil.test", "x"])
      assert.equal(await told(other), other);
  });

  test("Early hints do not show what is taken out", async () => {
    const { text } = await exchange(
      port,
      "GET /hints HTTP/1.1\r\nHost: main.test\r\nConnection: close\r\n\r\n",
    );
    assert.match(text, /^HTTP\/1\.1 103 Early Hints\r\nLink: /i);
    assert.doesNotMatch(text, /server:/i);
  });

  test("A client of HTTP/2 sees the same", async () => {
    const on = await session(tlsPort);
    try {
      const { headers } = await request(on, { ":path": "/?to=%2Fapp%2Fx", cookie: "a=b" });
      assert.equal(headers.location, "/x");
      assert.equal(headers["x-frame-options"], "DENY");
      assert.equal(headers["server"], undefined);
      assert.deepEqual(valuesOf("x-secret"), ["ours"]);
      assert.deepEqual(valuesOf("cookie"), []);
    } finally {
      on.destroy();
    }
  });
});

test("A FastCGI application gets rewritten headers as variables", needs("root"), async () => {
  const root = mkdtempSync(join(tmpdir(), "fence-rewrite-"));
  writeFileSync(join(root, "a.php"), "");
  const backend = await startFastcgi(({ socket }) =>
    socket.write(output("Status: 302 Found\r\nLocation: /app/x\r\nServer: php\r\n\r\n")),
  );
  const cgi = { root, index: "index.php", split: [".php"], params: [] };
  const world = await startProxy([tcp(backend.port)], { rewrite: REWRITE }, { protocol: "fastcgi", cgi });
  try {
    const headers = { Cookie: "a=b", "X-Secret": "theirs" };
    const answer = await ask({ port: world.port, host: "main.test", path: "/a.php", headers });
    assert.equal(answer.headers.location, "/x");
    assert.equal(answer.headers["server"], undefined);
    const [seen] = backend.requests;
    assert.equal(seen?.params.get("HTTP_X_SECRET"), "ours");
    assert.equal(seen?.params.get("HTTP_X_REQUEST_SOURCE"), "fence");
    assert.equal(seen?.params.has("HTTP_COOKIE"), false);
  } finally {
    await world.end();
    await backend.close();
    rmSync(root, { recursive: true });
  }
});
