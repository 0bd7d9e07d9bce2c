import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { chromium } from "playwright-core";
import { WebSocket, WebSocketServer } from "ws";
import { findProgram, needs } from "../support/needs.js";
import { startProxy, tcp, type ProxyWorld } from "../support/proxy.js";
import { until } from "../support/world.js";

const PAGE = `<!doctype html><title>wait</title><script>
const socket = new WebSocket("ws://" + location.host + "/echo?from=page", "fence.test");
socket.binaryType = "arraybuffer";
let got = "";
socket.onopen = () => { socket.send("text"); socket.send(new Uint8Array(200000).fill(7)); };
socket.onmessage = ({ data }) => {
  got += typeof data === "string" ? data : " " + data.byteLength;
  if (typeof data !== "string") socket.close(4001, "enough");
};
socket.onclose = ({ code, reason, wasClean }) => { document.title = [got, socket.protocol, code, reason, wasClean].join(" "); };
</script>`;

/** A backend whose page opens a WebSocket to it, and that sends back whatever it gets. */
async function startEcho() {
  const server = http.createServer((_request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(PAGE);
  });
  const sockets = new WebSocketServer({ server, handleProtocols: (offered) => [...offered][0] ?? false });
  sockets.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on("close", (code, reason) => socket.close(code === 1005 ? 1000 : code, reason));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    end() {
      for (const client of sockets.clients) client.terminate();
      server.close();
      server.closeAllConnections();
    },
  };
}

describe("WebSockets through the proxy", needs("root", "chromium"), () => {
  let world: ProxyWorld;
  let echo: Awaited<ReturnType<typeof startEcho>>;

  before(async () => {
    echo = await startEcho();
    world = await startProxy([tcp(echo.port)], { hosts: ["main.test"] });
  });
  after(async () => {
    echo.end();
    await world.end();
  });

  const open = async (path = "/") => {
    const socket = new WebSocket(`ws://127.0.0.1:${world.port}${path}`, { headers: { Host: "main.test" } });
    await once(socket, "open");
    return socket;
  };

  test("Messages of every size come back as they were sent, among pings, on many sockets at once", async () => {
    const ends = Array.from({ length: 50 }, async (_unused, index) => {
      const socket = await open(`/?n=${index}`);
      let pongs = 0;
      socket.on("pong", () => (pongs += 1));
      const sizes = [0, 1, 125, 126, 65_535, 65_536, index === 0 ? 8_000_000 : 100_000];
      for (const size of sizes) {
        const sent = randomBytes(size);
        socket.ping();
        socket.send(sent);
        const [data] = (await once(socket, "message")) as [Buffer];
        assert.equal(digest(data), digest(sent));
      }
      socket.close(4000, "bye");
      const [code, reason] = (await once(socket, "close")) as [number, Buffer];
      assert.deepEqual([code, reason.toString(), pongs], [4000, "bye", sizes.length]);
    });
    await Promise.all(ends);
    await until("no tunnel is left", async () => (await world.status()).sites[0]?.tunnels === 0);
  });

  test("A side that vanishes takes the other along", async () => {
    const client = await open();
    client.terminate();
    await until("the backend's side to end", () => echo.sockets.clients.size === 0);
    const other = await open();
    for (const socket of echo.sockets.clients) socket.terminate();
    const [code] = (await once(other, "close")) as [number];
    assert.equal(code, 1006);
    await until("no tunnel is left", async () => (await world.status()).sites[0]?.tunnels === 0);
  });

  test("A browser's own sockets work, subprotocol, close code and all; down answers the handshake", async () => {
    const executablePath = findProgram("chromium") ?? "";
    const args = ["--no-sandbox", "--host-resolver-rules=MAP main.test 127.0.0.1"];
    const browser = await chromium.launch({ executablePath, args });
    try {
      const page = await browser.newPage();
      await page.goto(`http://main.test:${world.port}/`);
      await page.waitForFunction(`document.title !== "wait"`);
      assert.equal(await page.title(), "text 200000 fence.test 4001 enough true");
      await world.switchTo("main", { mode: "down" });
      const refused = new WebSocket(`ws://127.0.0.1:${world.port}/`, { headers: { Host: "main.test" } });
      const [, answer] = (await once(refused, "unexpected-response")) as [unknown, http.IncomingMessage];
      assert.equal(answer.statusCode, 503);
      assert.equal(answer.headers["x-maintenance-mode"], "1");
      answer.destroy();
      await world.switchTo("main", { mode: "up" });
    } finally {
      await browser.close();
    }
  });
});

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
