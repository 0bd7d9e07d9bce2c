import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatDiagnostic, formatDiagnostics, type Diagnostic } from "../../src/base/diagnostics.js";
import { printable } from "../../src/base/printable.js";

function at(source: string, marked: string, more: Partial<Diagnostic> = {}): Diagnostic {
  const column = source.indexOf(marked) + 1;
  const endColumn = column + marked.length;
  return {
    file: "fence.toml",
    line: 12,
    column,
    endColumn,
    source,
    message: "it is wrong",
    why: null,
    fix: null,
    ...more,
  };
}

/** The part of the printed source line that stands above the mark, by terminal columns of one each. */
function marked(text: string): string {
  const [, source = "", mark = ""] = text.split("\n");
  const from = mark.indexOf("^");
  return source.slice(from, mark.lastIndexOf("^") + 1);
}

test("A problem is told with its place, its line, a mark below what is meant, why, and how to mend it", () => {
  const diagnostic = at('upstream = "ap"', '"ap"', {
    message: 'no upstream is named "ap"',
    why: "because",
    fix: "do it",
  });
  assert.equal(
    formatDiagnostic(diagnostic),
    `fence.toml:12:12: error: no upstream is named "ap"
  12 | upstream = "ap"
     |            ^^^^
  why: because
  fix: do it
`,
  );
});

test("A line that is empty is not shown", () => {
  assert.equal(
    formatDiagnostic({ ...at("", ""), column: 1, endColumn: 2 }),
    "fence.toml:12:1: error: it is wrong\n",
  );
});

test("Several problems stand apart by an empty line; none is no text", () => {
  const one = at("a = 1", "1");
  assert.equal(formatDiagnostics([one, one]), `${formatDiagnostic(one)}\n${formatDiagnostic(one)}`);
  assert.equal(formatDiagnostics([]), "");
});

test("Colour goes around the place, the word error, the mark and the word fix", () => {
  const text = formatDiagnostic(at("a = 1", "1", { fix: "do it" }), {
    paint: (style, inner) => `<${style}:${inner}>`,
  });
  assert.match(text, /^<bold:fence\.toml:12:5:> <red:error:> it is wrong\n/);
  assert.match(text, /<red:\^>\n {2}<green:fix:> do it\n$/);
});

describe("The mark stands below what it means", () => {
  test("after tabs, which become four columns", () => {
    assert.equal(marked(formatDiagnostic(at("\t\thosts = 1", "hosts"))), "hosts");
  });

  test("after characters of two columns and of none", () => {
    const [, , mark = ""] = formatDiagnostic(at('a = "日本語e\u0301🚧", b', "b")).split("\n");
    // 4 + quote + 3 × 2 + 1 + 0 + 2 + quote, comma, space
    assert.equal(mark.indexOf("^"), "     | ".length + 17);
  });

  test("after a control character, which is shown as an escape", () => {
    assert.equal(marked(formatDiagnostic(at("a = \u001b[2J x", "x"))), "x");
  });

  test("past the end of the line", () => {
    const text = formatDiagnostic({ ...at("a = [", "["), column: 6, endColumn: 7 });
    assert.match(text, /\n {5}\| {6}\^\n$/);
  });
});

describe("A line longer than 160 columns is shown around its mark", () => {
  const filler = (count: number): string =>
    Array.from({ length: count }, (_, index) => `"host${index}"`).join(", ");

  test("in the middle", () => {
    const text = formatDiagnostic(at(`${filler(50)}, "WRONG", ${filler(50)}`, '"WRONG"'));
    assert.equal(marked(text), '"WRONG"');
    const [, source = ""] = text.split("\n");
    assert.match(source, /^ {2}12 \| ….*…$/);
    assert.ok(source.length <= "  12 | ".length + 160);
  });

  test("at its beginning and at its end", () => {
    assert.equal(marked(formatDiagnostic(at(`"WRONG", ${filler(50)}`, '"WRONG"'))), '"WRONG"');
    const text = formatDiagnostic(at(`${filler(50)}, "WRONG"`, '"WRONG"'));
    assert.equal(marked(text), '"WRONG"');
    assert.match(text, /"WRONG"\n/);
  });

  test("also when it has a megabyte", () => {
    const text = formatDiagnostic(at(`${" ".repeat(1 << 20)}"WRONG"${" ".repeat(1 << 20)}`, '"WRONG"'));
    assert.equal(marked(text), '"WRONG"');
    assert.ok(text.length < 1000);
  });
});

test("Control and direction-changing characters of a message and of a file name become escapes", () => {
  const text = formatDiagnostic(at("a", "a", { message: "x\u001b[31m\u202ey", file: "a\nb" }));
  assert.match(text, /^a\\u000ab:12:1: error: x\\u001b\[31m\\u202ey\n/);
  assert.equal(printable("é 日本 🚧"), "é 日本 🚧");
});
