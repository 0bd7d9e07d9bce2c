import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import type { ClientHttp2Session } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { after, before, describe, test } from "node:test";
import { certificateIn } from "../support/front.js";
import { HOLDING_KINDS, startHeldWorld, type HeldWorld } from "../support/held-world.js";
import { request, session } from "../support/http2-client.js";
import { needs } from "../support/needs.js";
import { freePort, until } from "../support/world.js";

/** All within `max_body`, so that an end behind them shows. */
const SIZES = [0, 300, 20_000, 60_000];
/** On each session: lighttpd takes no more than 8 streams of one at once. */
const STREAMS = 6;

/** The answer of the backend to this body. */
const answerTo = (id: string, body: Buffer): string =>
  `${id} ${createHash("sha256").update(body).digest("hex")}\n`;

describe("Clients of HTTP/2 and TLS while their site is held", needs("openssl", "root"), () => {
  const folder = mkdtempSync(join(tmpdir(), "fence-tls-"));
  before(() => chmodSync(folder, 0o755));
  after(() => rmSync(folder, { recursive: true }));

  for (const held of HOLDING_KINDS) {
    describe(`on ${held.name}`, needs(...held.need), () => {
      let world: HeldWorld;
      let port: number;
      before(async () => {
        const { certificate, key } = certificateIn(folder);
        port = await freePort();
        world = await startHeldWorld(held, {
          listens: [`{ address = "127.0.0.1:${port}", tls = true, http2 = true }`],
          siteLines: `tls = { certificate = "${certificate}", key = "${key}" }`,
        });
      });
      after(() => world.end());

      /** Streams in turn without a body and with one. */
      const streams = (
        on: ClientHttp2Session,
        name: string,
        count: number,
      ): { id: string; answer: Promise<string>; body: Buffer }[] =>
        Array.from({ length: count }, (_, n) => {
          const id = `${name}-${n}`;
          const body = randomBytes(SIZES[n % SIZES.length] ?? 0);
          const method = body.length === 0 ? "GET" : "POST";
          const length = body.length === 0 ? {} : { "content-length": String(body.length) };
          const headers = { ":path": `/?id=${id}`, ":method": method, ...length };
          const asked = body.length === 0 ? request(on, headers) : request(on, headers, body);
          return { id, body, answer: asked.then(({ status, body: text }) => `${status} ${String(text)}`) };
        });

      test("their streams wait, the backend is killed and started again, and each gets its answer", async () => {
        const sessions = [await session(port), await session(port)];
        await world.hold();
        const from = await world.executedNow();
        const all = sessions.flatMap((on, n) => streams(on, `stays${n}`, STREAMS));
        await world.waiting(2 * STREAMS);
        await world.backend.kill();
        await world.backend.start();
        assert.deepEqual(world.seen(from), []);
        await world.done("release");
        for (const { id, body, answer } of all) assert.equal(await answer, `200 ${answerTo(id, body)}`);
        await world.executedNow();
        assert.deepEqual(world.seen(from).sort(), all.map(({ id }) => id).sort());
        for (const on of sessions) on.close();
      });

      test("a stream that is reset, a session and a TLS connection that end are not executed", async () => {
        const [staying, resetting, leaving] = [await session(port), await session(port), await session(port)];
        await world.hold();
        const from = await world.executedNow();
        const stays = streams(staying, "stays", STREAMS);
        const resets = Array.from({ length: STREAMS }, (_, n) =>
          resetting.request({ ":authority": "main.test", ":path": `/?id=reset-${n}` }),
        );
        for (const stream of resets) stream.on("error", () => {});
        const gone = streams(leaving, "gone", STREAMS);
        for (const { answer } of gone) answer.catch(() => {});
        const plain = await Promise.all(Array.from({ length: STREAMS }, (_, n) => http1(port, `plain-${n}`)));
        await world.waiting(stays.length + 3 * STREAMS);
        for (const stream of resets) stream.close(8);
        leaving.destroy();
        for (const socket of plain) socket.end();
        await world.waiting(stays.length);
        await world.done("release");
        for (const { id, body, answer } of stays) assert.equal(await answer, `200 ${answerTo(id, body)}`);
        await world.executedNow();
        assert.deepEqual(world.seen(from).sort(), stays.map(({ id }) => id).sort());
        for (const on of [staying, resetting]) on.close();
      });
    });
  }
});

/** A connection of HTTP/1.1 over TLS on which a request was sent. */
async function http1(port: number, id: string): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", servername: "main.test", rejectUnauthorized: false });
  socket.on("error", () => {});
  await until("the handshake", () => socket.authorizationError !== null && !socket.connecting);
  socket.write(`GET /?id=${id} HTTP/1.1\r\nHost: main.test\r\n\r\n`);
  return socket;
}
