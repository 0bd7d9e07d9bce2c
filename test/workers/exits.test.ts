import assert from "node:assert/strict";
import { test } from "node:test";
import { Exits } from "../../src/workers/exits.js";

const end = (id: string) => ({ id, pid: 7, code: 3, signal: null, livedMs: 5 });
const ENDING = { code: 3, signal: null, livedMs: 5 };

test("An end is told to all who wait for it, and to those who come later", async () => {
  const exits = new Exits();
  const first = exits.expect("a");
  assert.equal(exits.isRunning("a"), true);
  assert.equal(await exits.within("a", 1), null);
  const within = exits.within("a", 60_000);
  exits.take(end("a"));
  assert.equal(exits.isRunning("a"), false);
  assert.deepEqual(await Promise.all([first, within, exits.expect("a")]), [ENDING, ENDING, ENDING]);
});

test("An end that is heard before anybody could ask after it is no process that runs for ever", async () => {
  const exits = new Exits();
  exits.take(end("a"));
  assert.deepEqual(await exits.expect("a"), ENDING);
  assert.equal(exits.isRunning("a"), false);
  assert.deepEqual(await exits.within("a", 60_000), ENDING);
});

test("Ends of long ago are forgotten", async () => {
  const exits = new Exits();
  for (let count = 0; count < 5000; count += 1) exits.take(end(`${count}`));
  assert.deepEqual(await exits.within("4999", 60_000), ENDING);
  assert.deepEqual(await exits.within("0", 60_000), { code: null, signal: null, livedMs: 0 });
});
