import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HOLDING_KINDS, startHeldWorld, type HeldWorld } from "../support/held-world.js";
import { needs } from "../support/needs.js";
import { ok, startRawBackend, type RawBackend } from "../support/raw-backend.js";
import { RawClient } from "../support/raw-client.js";

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: main.test\r\n\r\n`;
const STREAMS = 5;

for (const { name, kind, workers, need } of HOLDING_KINDS.filter(({ workers }) => workers > 0)) {
  describe(`Answers that last, on ${name}`, needs(...need), () => {
    let world: HeldWorld;
    let backend: RawBackend;
    before(async () => {
      backend = await startRawBackend(({ head, socket }) => {
        if (!head.startsWith("GET /stream")) return void socket.write(ok("done"));
        socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n");
      });
      world = await startHeldWorld(
        { kind, workers },
        {
          backends: [`"127.0.0.1:${backend.port}"`],
          siteLines: "[site.main.hold]\nrelease_concurrency = 2\n",
        },
      );
    });
    after(async () => {
      await world.end();
      await backend.close();
    });

    test("more of them than may be let go at once keep nobody who waits behind them", async () => {
      await world.hold();
      const streams: RawClient[] = [];
      for (let n = 1; n <= STREAMS; n += 1) {
        streams.push(new RawClient(world.port).send(get(`/stream-${n}`)));
        await world.waiting(n);
      }
      const others = [1, 2, 3].map((n) => new RawClient(world.port).send(get(`/${n}`)));
      await world.waiting(STREAMS + others.length);
      await world.done("release");
      for (const client of others) await client.has("done");
      const begun = backend.requests.filter(({ head }) => head.startsWith("GET /stream"));
      assert.equal(begun.length, STREAMS);
      assert.ok(streams.every(({ end }) => end === null));
      for (const { socket } of [...streams, ...others]) socket.destroy();
    });
  });
}
