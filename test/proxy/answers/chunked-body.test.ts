import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { test } from "node:test";
import { ChunkedBody } from "../../../src/proxy/answers/chunked-body.js";
import { BodyReader } from "../../../src/proxy/body-reader.js";

test("A body without a length is framed so that a strict reader finds the same bytes and its end", async () => {
  const sent: Buffer[] = [];
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      sent.push(Buffer.from(chunk));
      done();
    },
  });
  const filter = new ChunkedBody(socket as unknown as Socket, () => {});
  const bytes = Buffer.from("0\r\n\r\nabc".repeat(3000));
  filter.write(bytes, 0, 5);
  filter.write(bytes, 5, 5);
  filter.write(bytes, 5, bytes.length);
  bytes.fill("x");
  await new Promise<void>((resolve) => filter.end(resolve));
  const framed = Buffer.concat(sent);
  const reader = new BodyReader({ kind: "chunked" }, { trailers: "drop", framing: "strip" });
  assert.equal(reader.take(framed, 0, framed.length), framed.length);
  assert.ok(reader.isDone);
  const body = Buffer.from(reader.forwarded(framed, 0, framed.length)).toString("latin1");
  assert.equal(body, "0\r\n\r\nabc".repeat(3000));
});
