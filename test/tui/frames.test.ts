import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { frameText, spokenText } from "../../src/tui/frame-text.js";
import { ROOT } from "../cli/run-fence.js";
import { look, Played, server, site } from "./states.js";

const FOLDER = path.join(ROOT, "snapshots/tui");

/** UPDATE=1 writes the snapshots anew; the difference is read in review. */
function assertSnapshot(name: string, text: string): void {
  const file = path.join(FOLDER, `${name}.txt`);
  if (process.env["UPDATE"] === "1") {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, text);
  }
  assert.ok(existsSync(file), `${file} is missing; UPDATE=1 writes it`);
  assert.equal(text, readFileSync(file, "utf8"));
}

/** The requests of shop, a second apart. */
function busy(played: Played): Played {
  [0, 40, 130, 330, 500, 520, 560].forEach((requests, second) => {
    const { sites, atMs, ...rest } = look();
    const counted = sites.map((one) => (one.name === "shop" ? { ...one, requests } : one));
    played.tell({ kind: "looked", look: { ...rest, sites: counted, atMs: atMs + second * 1000 } });
  });
  return played;
}

function changing(played: Played): Played {
  const on = { site: "shop", server: "web" };
  return played
    .press("jd<tab><enter>")
    .step("lock", "ok", "locked")
    .step("stage", "progress", "generation 8: down", on)
    .step("stage", "ok", "staged")
    .step("commit", "ok", "in force")
    .step("settle", "ok", "settled")
    .step("proof", "progress", "worker 4711 still acts on an older variant", on);
}

const UNPROVEN = ["shop did not show down in time and is hold again", "  worker 4711 has not answered"];

const SCREENS: Readonly<Record<string, (played: Played) => Played>> = {
  sites: busy,
  site: (played) => played.press("<enter>"),
  history: (played) => played.press("t"),
  help: (played) => played.press("?"),
  question: (played) => played.press("jd<tab>"),
  writing: (played) => played.press("jdwdatabase upgr"),
  change: changing,
  ended: (played) => changing(played).tell({ kind: "ended", outcome: { exit: 8, lines: UNPROVEN } }),
  filter: (played) => played.press("/wi"),
};

/** Columns of a text in a terminal, by the ranges of characters that these tests use. */
function columnsOf(line: string): number {
  return [...line].reduce(
    (sum, one) => sum + (/[\u1100-\u115f\u3000-\u9fff\uff00-\uff60]/.test(one) ? 2 : 1),
    0,
  );
}

describe("what is on the screen", () => {
  for (const [name, play] of Object.entries(SCREENS)) {
    test(`${name}: 80x24, 40x10, in ASCII and as sentences, as the snapshots say`, () => {
      assertSnapshot(`${name}-80x24`, `${frameText(play(new Played()).state, false)}\n`);
      assertSnapshot(`${name}-40x10`, `${frameText(play(new Played({}, 40, 10)).state, false)}\n`);
      const ascii = frameText(play(new Played({ unicode: false })).state, false);
      assert.match(ascii, /^[\n -~]*$/);
      assertSnapshot(`${name}-spoken`, `${spokenText(play(new Played()).state)}\n`);
    });
  }

  test("nothing is seen before the first look, and read-only is said", () => {
    assertSnapshot("first-40x10", `${frameText(new Played({}, 40, 10, null).state, false)}\n`);
    assert.match(frameText(new Played({ isReadOnly: true }).state, false), /^fence {2}read-only/);
  });

  test("a figure that nobody counts is n/a and never 0, and one that may be more says so", () => {
    const rows = frameText(busy(new Played()).state, false).split("\n");
    assert.match(rows.find((row) => row.includes("wiki")) ?? "", /n\/a +n\/a +n\/a/);
    assert.match(rows.find((row) => row.includes("main")) ?? "", / ≥0 +0 +n\/a/);
  });

  test("long names, wide characters and any size leave the frame whole", () => {
    const reason = "データベースの更新 ".repeat(20);
    const many = Array.from({ length: 60 }, (_, index) =>
      site(`${"a-very-long-name-".repeat(4)}${index}`, {
        mode: "down",
        reason,
        servers: [server({ problems: [reason] })],
      }),
    );
    for (const [columns, rows] of [
      [80, 24],
      [40, 10],
      [20, 5],
      [200, 60],
      [10, 3],
    ] as const)
      for (const keys of [
        "",
        "<end>",
        "<enter>",
        "<end><enter><end>",
        "d",
        "t",
        "?",
        "d<tab><enter>",
        "/name",
      ]) {
        const played = new Played({}, columns, rows, look({ sites: many })).press(keys);
        const lines = frameText(played.state, false).split("\n");
        assert.ok(lines.length <= rows, `${columns}x${rows} ${keys}: ${lines.length} lines`);
        for (const line of lines)
          assert.ok(columnsOf(line) <= columns, `${columns}x${rows} ${keys}: ${JSON.stringify(line)}`);
      }
  });

  test("of many sites the selected one is always in sight", () => {
    const sites = Array.from({ length: 60 }, (_, index) => site(`site-${index}`));
    const played = new Played({}, 40, 10, look({ sites }));
    for (let index = 0; index < 60; index += 1) {
      assert.match(frameText(played.state, false), new RegExp(`^> site-${index} `, "m"));
      played.press("j");
    }
  });
});
