import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { findProgram } from "../support/needs.js";
import { assertFails, fence, inFolder, runProgram } from "./run-fence.js";
import { writeSpec } from "./spec-fixture.js";

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  annotations: { summary: string };
}

/** Those of an alert that Prometheus knows. */
const RULE_KEYS = new Set(["alert", "expr", "for", "keep_firing_for", "labels", "annotations"]);

const RULES = "examples/prometheus/fence.rules.yml";

test("what fence sees is written whole for Prometheus, and the rules ask for nothing else", async () => {
  await inFolder(async (folder) => {
    const spec = writeSpec(folder, { sites: ["main", "shop"] });
    const file = join(folder, "fence.prom");
    const { code, stdout, stderr } = await fence(["-c", spec, "status", "--prometheus", file]);
    assert.deepEqual([code, stdout], [0, ""], stderr);
    const text = readFileSync(file, "utf8");
    for (const line of text.trimEnd().split("\n"))
      assert.match(line, /^(?:# (?:HELP|TYPE) fence_\w+ .+|fence_\w+(?:\{(?:\w+="[\w-]+",?)+\})? [\d.]+)$/);
    assert.match(text, /^fence_site_mode\{site="main",mode="up"\} 1$/m);
    assert.match(text, /^fence_site_mode\{site="shop",mode="down"\} 0$/m);
    assert.match(text, /^fence_looked_at_seconds \d+/m);
    const printed = await fence(["-c", spec, "status", "--prometheus", "-"]);
    assert.match(printed.stdout, /^# HELP fence_site_mode /);
    assertFails(await fence(["-c", spec, "status", "--prometheus", "-", "--watch"]), "usage", 64);

    const rules = parse(readFileSync(RULES, "utf8")) as { groups: { name: string; rules: Rule[] }[] };
    for (const rule of rules.groups.flatMap((group) => group.rules)) {
      assert.deepEqual(
        Object.keys(rule).filter((key) => !RULE_KEYS.has(key)),
        [],
        rule.alert,
      );
      assert.match(rule.alert, /^[A-Z]\w+$/);
      assert.match(rule.for ?? "1m", /^\d+[smhd]$/);
      assert.match(rule.annotations.summary, /\{\{ \$labels\.\w+ \}\}/, rule.alert);
      // Brackets and quotes are in pairs, and what is compared with what.
      assert.equal(rule.expr.split("{").length, rule.expr.split("}").length);
      assert.equal(rule.expr.split("(").length, rule.expr.split(")").length);
      assert.equal(rule.expr.split('"').length % 2, 1);
      assert.match(rule.expr, / (==|>) /);
    }
    const source = readFileSync("src/cli/status-prometheus.ts", "utf8");
    const names = rules.groups.flatMap(({ rules: all }) =>
      all.flatMap(({ expr }) => expr.match(/fence_\w+/g) ?? []),
    );
    assert.ok(names.length > 4);
    for (const name of names) assert.ok(source.includes(`"${name}"`), name);
    // Debian's package brings a whole Prometheus: it is asked where it is.
    const promtool = findProgram("promtool");
    if (promtool === null) return;
    const checked = await runProgram(promtool, ["check", "rules", RULES]);
    assert.equal(checked.code, 0, checked.stdout + checked.stderr);
    assert.match(checked.stdout, /4 rules found/);
  });
});
