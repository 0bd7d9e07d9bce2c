import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { downAnswer, retryAfter } from "../../../src/proxy/modes/down-answer.js";
import { ModeStore } from "../../../src/proxy/modes/mode-store.js";
import { parseState } from "../../../src/proxy/modes/site-state.js";
import { nginxVariant } from "../../../src/servers/nginx-variant.js";
import type { ModeValues } from "../../../src/spec/types.js";
import { siteOf } from "../../support/nginx.js";

const SITE = siteOf("main");

describe("The store of a site's mode", () => {
  let folder: string;
  const active = (): string => join(folder, "active");
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "fence-modes-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const put = (values: Partial<ModeValues> & { generation: number }): void => {
    const all: ModeValues = {
      mode: "up",
      retryAfterSec: 120,
      untilMs: null,
      leftSec: null,
      message: "",
      reason: "",
      hold: null,
      ...values,
    };
    const path = join(folder, String(all.generation));
    mkdirSync(path);
    for (const { name, source } of nginxVariant(SITE, all)) {
      writeFileSync(join(path, name), "content" in source ? source.content : "");
    }
    symlinkSync(String(all.generation), `${active()}.new`);
    renameSync(`${active()}.new`, active());
  };

  test("is down before there is a state: closed rather than open", () => {
    const store = new ModeStore(active(), SITE.maintenance);
    assert.equal(store.mode, "down");
    assert.equal(store.sync(), false);
    const answer = downAnswer(store.down, "", 0);
    assert.equal(answer.status, 503);
    assert.match(answer.head, /\r\nX-Maintenance-Mode: 1\r\n/);
  });

  test("gives the same answer again for as long as it is right", () => {
    put({ generation: 1, mode: "down", untilMs: 100_000 });
    const { down } = new ModeStore(active(), { ...SITE.maintenance, corsOrigins: ["https://a.test"] });
    const first = downAnswer(down, "", 40);
    assert.match(first.head, /\r\nRetry-After: 60\r\n/);
    assert.equal(downAnswer(down, "", 40), first);
    assert.match(downAnswer(down, "", 41).head, /\r\nRetry-After: 59\r\n/);
    assert.match(downAnswer(down, "Accept: application/json\r\n", 41).head, /problem\+json/);
    assert.match(downAnswer(down, "", 41).head, /text\/html/);
    const crossing = "Origin: https://a.test\r\n";
    assert.match(downAnswer(down, crossing, 41).head, /Allow-Origin: https:\/\/a\.test\r\n/);
    assert.doesNotMatch(downAnswer(down, "", 41).head, /Allow-Origin/);
    assert.doesNotMatch(downAnswer(down, "Origin: https://b.test\r\n", 41).head, /Allow-Origin/);
  });

  test("follows the disk when it is asked, and when it looks, also back to an older generation", () => {
    put({ generation: 1, mode: "up" });
    const store = new ModeStore(active(), SITE.maintenance);
    assert.deepEqual([store.mode, store.state?.generation], ["up", 1]);
    put({ generation: 2, mode: "down" });
    assert.equal(store.mode, "up", "nobody has asked");
    assert.equal(store.sync(), true);
    assert.deepEqual([store.mode, store.state?.generation], ["down", 2]);
    rmSync(active());
    symlinkSync("1", active());
    store.look();
    assert.deepEqual([store.mode, store.state?.generation], ["up", 1]);
  });

  test("keeps what it has when the state cannot be read, and says so", () => {
    put({ generation: 1, mode: "down" });
    const store = new ModeStore(active(), SITE.maintenance);
    mkdirSync(join(folder, "2"));
    writeFileSync(join(folder, "2/state"), "mode=up\ngeneration=2\nuntil=\nretry_after=1\n");
    rmSync(active());
    symlinkSync("2", active());
    assert.equal(store.sync(), false);
    store.look();
    assert.deepEqual([store.mode, store.state?.generation], ["down", 1]);
    rmSync(active());
    assert.equal(store.sync(), false);
    assert.equal(store.mode, "down");
  });

  test("counts Retry-After down to the announced end, and then says what the spec says", () => {
    put({ generation: 1, mode: "down", untilMs: 1_000_000_000_500, leftSec: 100 });
    const { down } = new ModeStore(active(), SITE.maintenance);
    assert.equal(retryAfter(down, 999_999_901), 100);
    assert.equal(retryAfter(down, 1_000_000_000), 1);
    assert.equal(retryAfter(down, 1_000_000_001), 120);
  });
});

test("A state that is not whole, or not fence's, is none", () => {
  const whole = "mode=up\ngeneration=1\nuntil=\nretry_after=1\nend=1\n";
  assert.notEqual(parseState(whole), null);
  for (let length = 0; length < whole.length; length += 1)
    assert.equal(parseState(whole.slice(0, length)), null);
  assert.equal(parseState(whole.replace("up", "sideways")), null);
  assert.equal(parseState(whole.replace("generation=1", "generation=x")), null);
});
