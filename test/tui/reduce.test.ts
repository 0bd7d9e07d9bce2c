import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { commandLineOf } from "../../src/tui/actions.js";
import { ratesAfter, sparkline } from "../../src/tui/rates.js";
import { shownSites } from "../../src/tui/state.js";
import { look, Played, site } from "./states.js";

const DOWN = {
  kind: "change",
  action: "down",
  site: "shop",
  reason: "",
  end: "",
  command: "fence -c /etc/fence/fence.toml down shop",
} as const;

describe("the list of sites", () => {
  test("arrows, j and k, Home and End go from site to site and stop at the ends", () => {
    const played = new Played();
    const after = (keys: string): string | null => played.press(keys).state.selected;
    assert.equal(after(""), "main");
    assert.equal(after("<down>"), "shop");
    assert.equal(after("jjj"), "wiki");
    assert.equal(after("k"), "shop");
    assert.equal(after("<home>"), "main");
    assert.equal(after("<up>"), "main");
    assert.equal(after("<end>"), "wiki");
  });

  test("/ shows the sites with a part in their name, and Escape all of them again", () => {
    const played = new Played().press("/sh");
    assert.deepEqual(
      shownSites(played.state).map(({ name }) => name),
      ["shop"],
    );
    assert.equal(played.state.selected, "shop");
    played.press("q<backspace><enter>");
    assert.equal(played.state.filter, "sh");
    assert.deepEqual(played.effects, []);
    assert.equal(shownSites(played.press("<escape>").state).length, 3);
  });

  test("what the filter hides cannot be switched", () => {
    assert.equal(new Played().press("/none<enter>d").state.question, null);
  });

  test("a site that has left the spec is no longer selected, and its screen closes", () => {
    const played = new Played().press("<end><enter>");
    assert.equal(played.state.screen, "site");
    played.tell({ kind: "looked", look: look({ sites: [site("main")] }) });
    assert.deepEqual([played.state.screen, played.state.selected], ["sites", "main"]);
  });

  test("a look that failed leaves the one before, with the reason beside it", () => {
    const played = new Played().tell({ kind: "look-failed", sentence: "fence.toml has 1 error" });
    assert.equal(played.state.look?.sites.length, 3);
    assert.equal(played.state.lookProblem, "fence.toml has 1 error");
    assert.equal(played.tell({ kind: "looked", look: look() }).state.lookProblem, null);
  });
});

describe("a change", () => {
  test("is asked about, and Enter alone is a no", () => {
    const played = new Played().press("jd<enter>");
    assert.equal(played.state.question, null);
    assert.deepEqual(played.effects, []);
  });

  test("begins once the other answer is chosen", () => {
    const played = new Played().press("jd<tab><enter>");
    assert.deepEqual(played.effects, [DOWN]);
    assert.equal(played.state.screen, "change");
  });

  test("no other key is a yes, and Escape and q are a no", () => {
    for (const keys of ["jdd", "jdyd", "jd<escape>", "jdq", "jd<tab><tab><enter>", "jd<tab><escape><enter>"])
      assert.deepEqual(
        new Played().press(keys).effects.filter(({ kind }) => kind !== "copy"),
        [],
        keys,
      );
  });

  test("is copied as a command line, ready for a shell", () => {
    assert.deepEqual(new Played().press("jdy").effects, [{ kind: "copy", text: DOWN.command }]);
    assert.equal(
      commandLineOf("/srv/my site/it's.toml", { action: "up", site: "main", reason: "", end: "" }),
      "fence -c '/srv/my site/it'\\''s.toml' up main",
    );
  });

  test("takes a reason and an end, which the command line has as well", () => {
    const played = new Played().press("jdwdatabase upgradex<backspace><enter>e20m<enter>");
    const command = "fence -c /etc/fence/fence.toml down shop --for 20m --reason 'database upgrade'";
    assert.deepEqual(played.press("y").effects, [{ kind: "copy", text: command }]);
    const asked = { reason: "database upgrade", end: "20m", command };
    assert.deepEqual(played.press("<tab><enter>").effects.at(-1), { ...DOWN, ...asked });
  });

  test("keys that write neither answer nor quit, Escape drops what was written, and an end has its unit", () => {
    const played = new Played().press("jdwqy<tab><enter>");
    assert.equal(played.state.question?.reason, "qy");
    assert.deepEqual(played.effects, []);
    assert.equal(played.press("wmore<escape>").state.question?.reason, "");
    assert.equal(played.press("e20<enter>").state.question?.writing, "end");
    assert.match(played.state.notice ?? "", /with its unit/);
    assert.equal(played.press("m<enter>").state.question?.end, "20m");
    assert.equal(new Played().press("jue").state.question?.writing, null);
    const long = new Played().press(`jdw${"x".repeat(300)}<enter>`).state.question?.reason ?? "";
    assert.equal(long.length, 200);
  });

  test("keeps of each step at each place the last word", () => {
    const played = new Played().press("jd<tab><enter>");
    played.step("lock", "start", "locking").step("lock", "ok", "locked");
    played.step("proof", "progress", "web shows up", { site: "shop", server: "web" });
    played.step("proof", "ok", "web shows down", { site: "shop", server: "web" });
    assert.deepEqual(
      played.state.change?.steps.map(({ step, text }) => `${step}: ${text}`),
      ["lock: locked", "proof: web shows down"],
    );
  });

  test("that runs keeps q and other changes off, and Ctrl-C stops it; once it has ended both go", () => {
    const played = new Played().press("jd<tab><enter>").press("<escape>uq<ctrl-c>");
    assert.deepEqual(played.effects, [DOWN, { kind: "stop-change" }]);
    played.tell({ kind: "ended", outcome: { exit: 0, lines: ["shop is down"] } });
    assert.deepEqual(played.press("q").effects.at(-1), { kind: "quit" });
    assert.equal(played.press("u").state.question?.action, "up");
  });

  test("a site that is down is not released", () => {
    const played = new Played().press("r");
    assert.equal(played.state.question, null);
    assert.match(played.state.notice ?? "", /down, not held/);
    assert.equal(played.press("jr").state.question?.action, "release");
  });

  test("read-only refuses every one of them", () => {
    const played = new Played({ isReadOnly: true });
    for (const key of ["d", "u", "h", "r"]) {
      assert.equal(played.press(key).state.question, null);
      assert.match(played.state.notice ?? "", /read-only/);
    }
  });
});

describe("screens", () => {
  test("Escape leads back to where one came from", () => {
    const played = new Played().press("<enter>t?");
    assert.equal(played.state.screen, "help");
    assert.equal(played.press("<escape>").state.screen, "site");
    assert.equal(played.press("<escape>").state.screen, "sites");
  });

  test("scrolling ends at the last line, and comes back from there", () => {
    const played = new Played().press("t<end>");
    assert.equal(played.state.scroll, 1);
    assert.equal(played.press("jk").state.scroll, 0);
  });

  test("Ctrl-C and q end the program", () => {
    for (const keys of ["q", "<ctrl-c>", "<enter>q"])
      assert.deepEqual(new Played().press(keys).effects, [{ kind: "quit" }], keys);
  });
});

describe("requests a second", () => {
  const at = (atMs: number, requests: number | null) => look({ atMs, sites: [site("main", { requests })] });

  test("come from two counts and the time between them", () => {
    const first = ratesAfter({}, at(1000, 10));
    assert.deepEqual(first["main"]?.perSec, []);
    assert.deepEqual(ratesAfter(first, at(3000, 50))["main"]?.perSec, [20]);
  });

  test("are none where nobody counts, and begin anew with a server that does", () => {
    const rates = ratesAfter(ratesAfter({}, at(1000, 10)), at(2000, 20));
    assert.deepEqual(ratesAfter(rates, at(3000, null)), {});
    assert.deepEqual(ratesAfter(rates, at(3000, 4))["main"]?.perSec, []);
  });

  test("are bars of which only 0 is lowest", () => {
    assert.equal(sparkline([9, 0, 0.1, 4, 8], 4, true), "▁▂▅█");
    assert.equal(sparkline([0, 0], 8, false), "__");
    assert.equal(sparkline([], 8, true), "");
  });
});
