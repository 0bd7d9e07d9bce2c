import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatDiagnostics } from "../../src/base/diagnostics.js";
import { FenceError } from "../../src/base/errors.js";
import { parseSpec } from "../../src/spec/parse.js";
import { starterSpec } from "../../src/spec/starter.js";

const GOOD = `${starterSpec("lighttpd").replace(/^# (?=\[\[|path|dir|fallback|page|headers|trusted|pass|health)/gm, "")}
[site.shop]
hosts = ["shop.example.com"]
servers = ["web"]
upstream = "app"
settle = { delay = "1s", timeout = "10s" }
`;
/** Far more than any needs: it tells a hang from a slow machine. */
const RUN_MS_MAX = 120_000;

/** Either a spec or a FenceError with diagnostics that can be printed; anything else fails the test. */
function outcomeOf(text: string): "valid" | "invalid" {
  const began = process.hrtime.bigint();
  try {
    parseSpec(text, "/etc/fence/fence.toml", () => "<p>");
    return "valid";
  } catch (error) {
    assert.ok(error instanceof FenceError, error instanceof Error ? error.stack : String(error));
    assert.equal(error.code, "spec-invalid");
    assert.ok(error.diagnostics.length > 0);
    const lines = text.split(/\r?\n/);
    for (const { line, column, endColumn, source } of error.diagnostics) {
      assert.ok(line >= 1 && line <= lines.length, `line ${line} of ${lines.length}`);
      assert.equal(source, lines[line - 1]);
      assert.ok(
        column >= 1 && column <= source.length + 1 && endColumn > column,
        `${column}-${endColumn}: ${source}`,
      );
    }
    assert.ok(formatDiagnostics(error.diagnostics).endsWith("\n"));
    return "invalid";
  } finally {
    assert.ok(Number(process.hrtime.bigint() - began) / 1e6 < RUN_MS_MAX, "it takes too long");
  }
}

test("The spec that is changed below is valid", () => assert.equal(outcomeOf(GOOD), "valid"));

const SCRAPS = [
  "[",
  "]",
  "[[",
  "]]",
  "{",
  "}",
  "=",
  '"',
  "'",
  '"""',
  "\\",
  "#",
  ",",
  ".",
  "\n",
  "\r\n",
  "\r",
  "\t",
  "\0",
  "\u007f",
  "é",
  "🚧",
  "\ud800",
  "__proto__",
  "constructor",
  "[site.__proto__]\n",
  "[site.main]\n",
  "[[site.main.route]]\n",
  "a.b.c = 1\n",
  "server = 1\n",
  "site = []\n",
  "upstream = {}\n",
  "1979-05-27",
  "07:32:00",
  "nan",
  "-inf",
  "0x_",
  "99999999999999999999",
  "1e999",
  "true",
  "[[1]]",
  "{ a = {} }",
  "listen = []\n",
  "hosts = [1, true, [], {}]\n",
  "pass = [{}]\n",
  "tls = []\n",
];

const edit = fc.record({
  at: fc.nat(GOOD.length),
  remove: fc.oneof(fc.constant(0), fc.nat(30)),
  insert: fc.oneof(fc.constantFrom(...SCRAPS), fc.string({ maxLength: 5 }), fc.constant("")),
});

test("A spec with a few characters changed is valid or told what is wrong, and never anything else", () => {
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const text = edits.reduce(
        (now, { at, remove, insert }) => now.slice(0, at) + insert + now.slice(at + remove),
        GOOD,
      );
      outcomeOf(text);
    }),
    { numRuns: 1500 },
  );
});

const leaf = fc.oneof(
  fc.constantFrom(
    '"x"',
    '""',
    "1",
    "-1",
    "0.5",
    "true",
    "1979-05-27",
    '"/a/"',
    '"0.0.0.0:80"',
    '"2s"',
    '"app"',
    "nan",
    "{}",
    "[]",
  ),
  fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text)),
);
const value = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }).map((items) => `[${items.join(", ")}]`),
    fc
      .uniqueArray(
        fc.constantFrom("address", "tls", "exact", "prefix", "regex", "path", "base", "append", "x"),
        { maxLength: 3 },
      )
      .chain((keys) => fc.tuple(...keys.map((key) => tie("value").map((inner) => `${key} = ${inner}`))))
      .map((pairs) => `{ ${pairs.join(", ")} }`),
  ),
})).value;

test("Any value in the place of any other is told, and never anything else", () => {
  const lines = GOOD.split("\n");
  const keyed = lines.flatMap((line, index) => (/^[a-z_]+ = /.test(line) ? [index] : []));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...keyed), value), { minLength: 1, maxLength: 3 }),
      (changes) => {
        const changed = [...lines];
        for (const [index, text] of changes)
          changed[index] = (lines[index] ?? "").replace(/ = .*$/, () => ` = ${text}`);
        outcomeOf(changed.join("\n"));
      },
    ),
    { numRuns: 1500 },
  );
});

test("A spec of a megabyte with nothing but problems is told without a hang", () => {
  const size = 1 << 20;
  const fill = (part: (index: number) => string): string => {
    const parts: string[] = [];
    for (let length = 0, index = 0; length < size; index += 1)
      length += parts[parts.push(part(index)) - 1]?.length ?? size;
    return parts.join("");
  };
  const texts = [
    fill((index) => `k${index} = 1\n`),
    fill((index) => `[site.s${index}]\n`),
    `[server.web]\nlisten = [${fill(() => '"0.0.0.0:80",')}]\n`,
    `[site.main]\nhosts = [${fill(() => '"bad host",')}]\n`,
    `[site.main]\nmaintenance = { ${fill((index) => `k${index} = 1, `)} z = 1 }\n`,
    `a = ${"[".repeat(size / 2)}${"]".repeat(size / 2)}`,
    `[site.main]\nupstream = "${"x".repeat(size / 2)}"\n[upstream.${"x".repeat(size / 2 - 1)}]\n`,
    "[".repeat(size),
  ];
  for (const text of texts) assert.equal(outcomeOf(text), "invalid");
});
