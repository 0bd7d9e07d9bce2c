import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { inFolder, runProgram } from "../cli/run-fence.js";
import { parseNginxDump, type Directive } from "../../src/servers/nginx-parse.js";
import { needs } from "../support/needs.js";

/** Each directive with where it is, what is in its braces behind it. */
function lines(directives: readonly Directive[], indent = ""): string[] {
  return directives.flatMap(({ file, line, words, block }) => [
    `${indent}${path.basename(file)}:${line} ${words.join("|")}`,
    ...(block === null ? [] : lines(block, `${indent}  `)),
  ]);
}

function read(text: string): string[] {
  const config = parseNginxDump(text);
  assert.ok(config);
  assert.equal(config.problem, null);
  return lines(config.directives);
}

describe("what nginx -T prints", () => {
  test("is read word by word as nginx does", () => {
    const text = `a b#c d; # e f;
'g h' "i\\"j" 'k\\\\l' m\\ n "o
p";
q \${r}s$t{} u v}w;
x "" '';`;
    assert.deepEqual(read(text), [
      ":1 a|b#c|d",
      ':2 g h|i"j|k\\l|m\\ n|o\np',
      ":4 q|${r}s$t",
      ":4 u|v}w",
      ":5 x||",
    ]);
  });

  test("is read past Lua, whose braces mean nothing", () => {
    const text = `content_by_lua_block { -- }
  local a = "}" .. '}' .. [[ } ]] .. [==[ } ]] } ]==] --[[ }
  } ]] local b = {} }
set_by_lua_block $a { return "}" } b c;`;
    assert.deepEqual(read(text), [":1 content_by_lua_block", ":4 set_by_lua_block|$a", ":4 b|c"]);
  });

  test("has each file wherever it is included, in as many places as that are", () => {
    const text = `# configuration file /e/nginx.conf:
a; include x.conf; b { include /e/x.conf; }
include c/*.conf; include d/[ab]?; include none/*;
# configuration file /e/x.conf:

x;
# configuration file /e/c/1.conf:
one { include y; }
# configuration file /e/y:
y;
# configuration file /e/c/2.conf:
two;
# configuration file /e/d/bz:
bz;
`;
    assert.deepEqual(read(text.replace("", "")), [
      "nginx.conf:1 a",
      "x.conf:2 x",
      "nginx.conf:1 b",
      "  x.conf:2 x",
      "1.conf:1 one",
      "  y:1 y",
      "2.conf:1 two",
      "bz:1 bz",
    ]);
  });

  /** Of a dump that could be misread. */
  const problems: readonly (readonly [string, RegExp])[] = [
    ["include x;\n", /^\/e\/x, which \/e\/n:1 includes, is not told$/],
    ["include /e/n;\n", /is included by itself$/],
    ["a;\n# configuration file /e/x:\nb;\n", /^nothing includes \/e\/x$/],
    [
      "include x;\n# configuration file /e/x:\nb;\n# configuration file /e/x:\nc;\n",
      /^\/e\/x is told twice$/,
    ],
    // A leading dot, and a slash, match nothing but themselves.
    ["include d/*;\n# configuration file /e/d/.x:\nb;\n", /^nothing includes/],
    ["include d/*;\n# configuration file /e/d/x/y:\nb;\n", /^nothing includes/],
    ["include d/[!a]*;\n# configuration file /e/d/.x:\nb;\n", /^nothing includes/],
  ];
  for (const [text, problem] of problems) {
    test(`is not taken for a whole config: ${JSON.stringify(text)}`, () => {
      assert.match(parseNginxDump(`# configuration file /e/n:\n${text}`)?.problem ?? "", problem);
    });
  }

  test("is none when braces are not in pairs", () => {
    for (const text of ["a {", "}", "a { } }"]) assert.equal(parseNginxDump(text), null, text);
  });

  test("of a real nginx has all that its files say", needs("nginx", "root"), async () => {
    await inFolder(async (folder) => {
      const write = (name: string, text: string): string => {
        const file = path.join(folder, name);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, text);
        return file;
      };
      write("shared", "limit_conn z 10;\n");
      write(
        "sites/b.conf",
        'server { listen 127.0.0.1:8098;\n location ~ "^/a{2}\\.b$" { include shared; } }',
      );
      write("sites/a.conf", "server { listen 127.0.0.1:8099;\n\n include shared; }\n");
      write("sites/.c.conf", "not { read }");
      const main = write(
        "nginx.conf",
        `pid ${folder}/pid; events { }\nhttp { limit_conn_zone $uri zone=z:32k;\n include sites/*.conf; }\n`,
      );
      const { code, stdout, stderr } = await runProgram("/usr/sbin/nginx", ["-T", "-c", main]);
      assert.equal(code, 0, stderr);
      assert.deepEqual(read(stdout).slice(2), [
        "nginx.conf:2 http",
        "  nginx.conf:2 limit_conn_zone|$uri|zone=z:32k",
        "  a.conf:1 server",
        "    a.conf:1 listen|127.0.0.1:8099",
        "    shared:1 limit_conn|z|10",
        "  b.conf:1 server",
        "    b.conf:1 listen|127.0.0.1:8098",
        "    b.conf:2 location|~|^/a{2}\\.b$",
        "      shared:1 limit_conn|z|10",
      ]);
    });
  });
});
