import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { openAccessLog } from "../../../src/proxy/access-log/access-log.js";
import type { AccessRecord } from "../../../src/proxy/access-log/access-record.js";
import { Log } from "../../../src/proxy/log.js";

function sink(writableLength = 0) {
  const lines: string[] = [];
  return { lines, writableLength, write: (text: string) => lines.push(text) };
}

/** A record that is told by its number. */
function record(bytes: number): AccessRecord {
  const none = { host: null, method: null, target: null, protocol: null, site: null, mode: null };
  const more = { backend: null, backendMs: null, referer: null, userAgent: null, reason: null };
  return { timeMs: 0, client: "192.0.2.7", ...none, ...more, status: 200, bytes, ms: 0 };
}

const numbers = (file: string): number[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as AccessRecord).bytes);

describe("The access log", () => {
  const folder = mkdtempSync(join(tmpdir(), "fence-access-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("is off unless somebody asks for it", () => {
    assert.equal(openAccessLog(null, null, new Log(sink(), "web")), null);
  });

  test("goes to stdout whole lines at a time", async () => {
    const out = sink();
    const log = openAccessLog(null, out, new Log(sink(), "web"));
    for (let at = 0; at < 1000; at += 1) log?.add(record(at));
    assert.ok(out.lines.length > 0 && out.lines.length < 100, String(out.lines.length));
    await log?.end();
    const text = out.lines.join("");
    for (const part of out.lines) assert.ok(part.endsWith("\n"));
    assert.equal(text.split("\n").length, 1001);
  });

  test("does not grow when nobody reads it: what is left out is counted and told", () => {
    const errors = sink();
    const out = sink(10_000_000);
    const log = openAccessLog(null, out, new Log(errors, "web"));
    for (let at = 0; at < 5000; at += 1) log?.add(record(at));
    log?.flush();
    assert.deepEqual(out.lines, []);
    const told = JSON.parse(errors.lines[0] ?? "") as { event: string; count: number };
    assert.deepEqual([told.event, told.count], ["access-lines-dropped", 5000]);
  });

  test("goes on in a new file when its file was moved away, and loses nothing", async () => {
    const file = join(folder, "a.log");
    const log = openAccessLog({ format: "json", file }, null, new Log(sink(), "web"));
    for (let at = 0; at < 1000; at += 1) log?.add(record(at));
    renameSync(file, `${file}.1`);
    log?.reopen();
    for (let at = 1000; at < 2000; at += 1) log?.add(record(at));
    await log?.end();
    const all = [...numbers(`${file}.1`), ...numbers(file)];
    assert.deepEqual(
      all,
      Array.from({ length: 2000 }, (_, at) => at),
    );
    assert.ok(numbers(file).length > 0);
  });

  test("refuses a file that it cannot write, and one that nobody may read, at once", () => {
    const log = new Log(sink(), "web");
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    assert.throws(() => openAccessLog({ format: "json", file: pipe }, null, log), /is not a file/);
    assert.throws(() => openAccessLog({ format: "json", file: join(folder, "no/x") }, null, log), /ENOENT/);
  });
});
