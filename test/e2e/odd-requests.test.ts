import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, suite, test } from "node:test";
import { needs } from "../support/needs.js";
import { createWorld, type World } from "../support/world.js";

const UPLOAD_BYTES = 100 * 1024 * 1024;

/** Rows of [what it is, the head of the request, whether it is of the site that is down; null: some servers refuse it]. */
const HEADS: readonly (readonly [string, string, boolean | null])[] = [
  ["HTTP/1.0 with a Host", "GET / HTTP/1.0\r\nHost: main.test", true],
  ["HTTP/1.0 without one", "GET / HTTP/1.0", false],
  ["HTTP/1.1 without one", "GET / HTTP/1.1", false],
  ["an empty Host", "GET / HTTP/1.1\r\nHost:", false],
  ["two of them", "GET / HTTP/1.1\r\nHost: main.test\r\nHost: other.test", false],
  ["a host in capitals", "GET / HTTP/1.1\r\nHost: MAIN.Test", true],
  ["a host with a port", "GET / HTTP/1.1\r\nHost: main.test:8080", true],
  ["a host with a dot at its end", "GET / HTTP/1.1\r\nHost: main.test.", true],
  ["a host with a dot and a port", "GET / HTTP/1.1\r\nHost: main.test.:80", true],
  ["a name under a wildcard", "GET / HTTP/1.1\r\nHost: a.b.wild.test", true],
  ["the name above a wildcard", "GET / HTTP/1.1\r\nHost: wild.test", false],
  ["a name that ends like a wildcard", "GET / HTTP/1.1\r\nHost: evilwild.test", false],
  ["a name that begins like a host", "GET / HTTP/1.1\r\nHost: main.test.evil.test", false],
  ["a dot in a host is no joker", "GET / HTTP/1.1\r\nHost: mainxtest", false],
  ["a whole URL", "GET http://main.test/ HTTP/1.1\r\nHost: main.test", true],
  ["a whole URL that contradicts the Host", "GET http://main.test/ HTTP/1.1\r\nHost: elsewhere.test", null],
  ["a whole URL of another site", "GET http://elsewhere.test/ HTTP/1.1\r\nHost: main.test", false],
  ["a path above the root", "GET /a/../../b HTTP/1.1\r\nHost: main.test", null],
  ["a path out of /open", "GET /open/../closed HTTP/1.1\r\nHost: main.test", true],
  ["an encoded path out of /open", "GET /open/%2e%2e/closed HTTP/1.1\r\nHost: main.test", true],
  ["an encoded slash out of /open", "GET /open/..%2fclosed HTTP/1.1\r\nHost: main.test", true],
  ["a neighbour of /open", "GET /opening HTTP/1.1\r\nHost: main.test", true],
  ["the asterisk", "OPTIONS * HTTP/1.1\r\nHost: main.test", null],
  ["a tunnel", "CONNECT main.test:443 HTTP/1.1\r\nHost: main.test", false],
  ["a handshake", "GET / HTTP/1.1\r\nHost: main.test\r\nConnection: Upgrade\r\nUpgrade: websocket", true],
];

const SITE = `[site.main.exceptions]
pass = ["/open"]
[site.wild]
hosts = ["*.wild.test"]
upstream = "app"
`;

for (const kind of ["nginx", "nginx-lua", "lighttpd"] as const) {
  suite(`Odd requests to a site that is down on ${kind}`, needs(kind, "root"), () => {
    let world: World;
    before(async () => {
      world = await createWorld({ kind, siteLines: SITE });
      assert.equal((await world.fence("apply")).code, 0);
      await world.start();
      const down = await world.fence("down", "--all", "--yes");
      assert.equal(down.code, 0, down.stdout + down.stderr);
    });
    after(() => world.end());

    test("reach no backend, and get the maintenance answer where they are the site's", async () => {
      const before = world.backendRequests();
      for (const [what, head, isDown] of HEADS) {
        const answer = await raw(world.port, `${head}\r\n\r\n`);
        const [statusLine = ""] = answer.split("\r\n");
        const isAnswered =
          /^HTTP\/1\.[01] 503 /.test(statusLine) && /^x-maintenance-mode: 1\r$/im.test(answer);
        if (isDown !== null) assert.equal(isAnswered, isDown, `${what}: ${statusLine}`);
        assert.ok(isAnswered || / 4\d\d /.test(statusLine), `${what}: ${statusLine}`);
      }
      assert.equal(world.backendRequests(), before);
    });

    test("an upload of 100 MB is answered at once, and the client can read the answer", async () => {
      const head = `POST /up HTTP/1.1\r\nHost: main.test\r\nContent-Length: ${UPLOAD_BYTES}\r\n\r\n`;
      const answer = await raw(world.port, head, UPLOAD_BYTES);
      assert.match(answer, /^HTTP\/1\.1 503 /);
      assert.match(answer, /^x-maintenance-mode: 1\r$/im);
    });
  });
}

/** Sends a request and reads to the end of the connection, which is closed by us a while after the answer began. */
function raw(port: number, head: string, bodyBytes = 0): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    let left = bodyBytes;
    const chunk = Buffer.alloc(64 * 1024, "x");
    const send = (): void => {
      while (left > 0 && socket.writable) {
        left -= chunk.length;
        if (!socket.write(chunk)) {
          socket.once("drain", send);
          return;
        }
      }
    };
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer to ${head}`)));
    socket.on("connect", () => {
      socket.write(head, "latin1");
      send();
    });
    socket.setEncoding("latin1").on("data", (text: string) => {
      answer += text;
      if (isWhole(answer)) socket.end();
    });
    socket.on("error", (error) => (answer === "" ? reject(error) : resolve(answer)));
    socket.on("close", () => resolve(answer));
  });
}

function isWhole(answer: string): boolean {
  const end = answer.indexOf("\r\n\r\n");
  const length = /^content-length: (\d+)\r$/im.exec(answer.slice(0, end + 2));
  return end !== -1 && length !== null && answer.length >= end + 4 + Number(length[1]);
}
