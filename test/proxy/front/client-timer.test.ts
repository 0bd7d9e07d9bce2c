import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ClientTimer } from "../../../src/proxy/front/client-timer.js";
import type { Client } from "../../../src/proxy/front/client.js";
import type { Phase } from "../../../src/proxy/front/request-reader.js";
import { HostTable } from "../../../src/proxy/front/host-table.js";

/** As much of a client as the timer looks at. */
function clientIn(
  phase: Phase,
  rest: { hasStash?: boolean; isKept?: boolean; writableLength?: number; bytesWritten?: number } = {},
) {
  const { hasStash = false, isKept = false, writableLength = 0, bytesWritten = 0 } = rest;
  return {
    reader: { phase, hasStash, keeper: isKept ? {} : null },
    socket: { writableLength, bytesWritten },
  } as unknown as Client;
}

describe("The time that a client has", () => {
  test("for a head is counted from its first byte, however many come after it", () => {
    const timer = new ClientTimer(0);
    timer.headBegins(5);
    for (let tick = 6; tick <= 15; tick += 1) {
      timer.heard(tick, 1);
      timer.headBegins(tick);
      assert.equal(timer.overdue(clientIn("head", { hasStash: true }), tick), null);
    }
    assert.equal(timer.overdue(clientIn("head", { hasStash: true }), 16), "head-timeout");
  });

  test("between two requests is longer, and its end is worth no word", () => {
    const timer = new ClientTimer(0);
    timer.idles(100);
    assert.equal(timer.overdue(clientIn("head"), 165), null);
    assert.equal(timer.overdue(clientIn("head"), 166), "close");
  });

  test("for a body is held to a least rate, but not while the backend is waited for", () => {
    const slow = new ClientTimer(0);
    slow.bodyBegins(0);
    slow.heard(1, 100);
    assert.equal(slow.overdue(clientIn("body"), 5), null);
    assert.equal(slow.overdue(clientIn("body"), 6), "body-too-slow");
    assert.equal(
      slow.overdue(clientIn("body", { isKept: true }), 600),
      null,
      "its request waits for the site",
    );
    const fast = new ClientTimer(0);
    fast.bodyBegins(0);
    fast.heard(1, 100_000);
    assert.equal(fast.overdue(clientIn("body"), 60), null);
    const paused = new ClientTimer(0);
    paused.bodyBegins(0);
    paused.pauses(1);
    assert.equal(paused.overdue(clientIn("body"), 100), null);
    paused.resumes(100);
    assert.equal(paused.overdue(clientIn("body"), 104), null);
    assert.equal(paused.overdue(clientIn("body"), 106), "body-too-slow");
  });

  test("to take an answer begins anew with every byte that it takes", () => {
    const timer = new ClientTimer(0);
    const taking = (bytes: number) =>
      clientIn("wait", { writableLength: 10_000 - bytes, bytesWritten: 10_000 });
    assert.equal(timer.overdue(taking(0), 0), null);
    assert.equal(timer.overdue(taking(1), 30), null);
    assert.equal(timer.overdue(taking(1), 60), null);
    assert.equal(timer.overdue(taking(1), 61), "client-stalled");
  });

  test("behind an answer that ends the connection is short, and does not go on for ever", () => {
    const timer = new ClientTimer(0);
    timer.lingers(0);
    for (let tick = 1; tick <= 30; tick += 1) {
      timer.heard(tick, 1);
      assert.equal(timer.overdue(clientIn("linger"), tick), null);
    }
    assert.equal(timer.overdue(clientIn("linger"), 31), "close");
    const silent = new ClientTimer(0);
    silent.lingers(0);
    assert.equal(silent.overdue(clientIn("linger"), 6), "close");
  });
});

test("A host is found by its exact name first, then by the longest pattern; a pattern needs a name before its dot", () => {
  const table = new HostTable([
    ["example.com", 1],
    ["*.example.com", 2],
    ["*.b.example.com", 3],
    ["x.b.example.com", 4],
  ]);
  const rows: readonly (readonly [string, number | null])[] = [
    ["example.com", 1],
    ["a.example.com", 2],
    ["b.example.com", 2],
    ["a.b.example.com", 3],
    ["a.a.b.example.com", 3],
    ["x.b.example.com", 4],
    [".example.com", null],
    ["example.org", null],
    ["xexample.com", null],
    ["", null],
  ];
  for (const [host, found] of rows) assert.equal(table.find(host), found, host);
});
