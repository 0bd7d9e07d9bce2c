import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import http from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Site } from "../../src/spec/types.js";
import { probe, probeHosts } from "../../src/verify/probe.js";
import type { ProbeResult } from "../../src/verify/types.js";
import { httpAt } from "../support/listen.js";

const SITE = {
  name: "main",
  hosts: ["www.example.com", "*.example.net"],
  maintenance: { status: 503, header: "X-Maintenance-Mode" },
} as unknown as Site;

const DOWN = {
  "X-Maintenance-Mode": "1",
  "Retry-After": "120",
  "Cache-Control": "no-store",
  "Content-Type": "application/problem+json",
};

const servers: http.Server[] = [];
after(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

/** Probes a listener that answers as `handle` says. */
async function probed(handle: http.RequestListener): Promise<ProbeResult> {
  const server = http.createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return probe(SITE, httpAt(port), "www.example.com");
}

function answering(status: number, headers: Record<string, string>, body: string): http.RequestListener {
  return (_request, response) => response.writeHead(status, headers).end(body);
}

const UP = '{"fence":"up","site":"main","generation":7}';

test("A unix socket is asked like an address", async () => {
  const server = http.createServer(answering(200, {}, UP));
  servers.push(server);
  const path = join(mkdtempSync(join(tmpdir(), "fence-probe-")), "web.sock");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const listen = { kind: "unix", path, tls: false, http2: false, proxyProtocol: false } as const;
  const result = await probe(SITE, listen, "www.example.com");
  assert.equal(result.mode, "up", JSON.stringify(result));
  assert.equal(result.url, `http://unix:${path}`);
  const nobody = await probe(SITE, { ...listen, path: `${path}.not` }, "www.example.com");
  assert.match(nobody.problem ?? "", /^no answer: .*ENOENT/);
});

test("A listener that wants the PROXY protocol is asked behind a header without an address", async () => {
  let received = "";
  const server = createServer((socket) => {
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      if (received.endsWith("\r\n\r\n"))
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${UP.length}\r\n\r\n${UP}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const result = await probe(SITE, { ...httpAt(port), proxyProtocol: true }, "www.example.com");
  server.close();
  assert.equal(result.mode, "up", JSON.stringify(result));
  assert.match(received, /^PROXY UNKNOWN\r\nGET \/\.well-known\/fence\/probe HTTP\/1\.1\r\n/);
});

test("An up answer names site and generation", async () => {
  const result = await probed(answering(200, {}, '{"fence":"up","site":"main","generation":7}'));
  assert.equal(result.problem, null);
  assert.equal(result.mode, "up");
  assert.equal(result.generation, 7);
});

test("A down answer has the marker, Retry-After, no-store and the generation", async () => {
  const result = await probed(answering(503, DOWN, '{"generation":8}'));
  assert.equal(result.problem, null);
  assert.equal(result.mode, "down");
  assert.equal(result.generation, 8);
});

const LIES: [string, http.RequestListener][] = [
  ["A 503 of somebody else is not down", answering(503, {}, "busy")],
  ["A 200 of somebody else is not up", answering(200, {}, "<h1>hello</h1>")],
  ["A marker with the wrong status is not down", answering(200, DOWN, '{"generation":8}')],
  [
    "A marker without Retry-After is not down",
    answering(503, { ...DOWN, "Retry-After": "" }, '{"generation":8}'),
  ],
  [
    "A marker that may be cached is not down",
    answering(503, { ...DOWN, "Cache-Control": "max-age=60" }, '{"generation":8}'),
  ],
  ["A marker without a generation is not down", answering(503, DOWN, "sorry")],
  [
    "The answer of another site is not this site's",
    answering(200, {}, '{"fence":"up","site":"other","generation":7}'),
  ],
  [
    "An answer that is cut off counts for nothing",
    (_request, response) => {
      response.writeHead(200, { "Content-Length": "500" });
      response.write('{"fence":"up"');
      setImmediate(() => response.destroy());
    },
  ],
  ["A redirect is not an answer", answering(302, { Location: "/" }, "")],
];

for (const [title, handle] of LIES) {
  test(title, async () => {
    const result = await probed(handle);
    assert.equal(result.mode, "unknown");
    assert.notEqual(result.problem, null);
  });
}

test("A listener that hangs is given up", async () => {
  const result = await probed(() => {});
  assert.equal(result.mode, "unknown");
  assert.match(result.problem ?? "", /no answer|did not answer/);
});

test("A wildcard host is probed under one name of it", () => {
  assert.deepEqual(probeHosts(SITE), ["www.example.com", "fence-probe.example.net"]);
});
