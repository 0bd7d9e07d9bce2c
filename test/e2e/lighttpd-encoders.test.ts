import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import fc from "fast-check";
import { lighty, lightyRegex } from "../../src/servers/encode-lighttpd.js";
import { lua } from "../../src/servers/encode-lua.js";
import { ask } from "../support/ask.js";
import { remove, startLighttpd, temporaryFolder } from "../support/lighttpd.js";
import { needs } from "../support/needs.js";
import { freePort } from "../support/world.js";

/** FENCE_ENCODED=100000 for a long run. */
const COUNT = Number(process.env["FENCE_ENCODED"] ?? 10_000);
const SEED = 20260101;
const folder = temporaryFolder();
after(() => remove(folder));

// Much of what breaks quoting, among text of every script.
const tricky = fc.constantFrom(
  '"',
  "\\",
  '\\"',
  "$",
  "%",
  "{",
  "}",
  "'",
  "#",
  "]]",
  "é",
  "\u{1f6a7}",
  ".",
  "*",
  "(",
  " ",
);
const pieces = fc.oneof(tricky, fc.string({ unit: "binary", maxLength: 6 }));
const anyText = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(""));
const printable = anyText.map((text) => text.replace(/[\u0000-\u001f\u007f]|\p{Surrogate}/gu, ""));

function sample(arbitrary: fc.Arbitrary<string>): string[] {
  return fc.sample(arbitrary, { numRuns: COUNT, seed: SEED });
}

async function withServer(lines: readonly string[], run: (port: number) => Promise<void>): Promise<void> {
  const port = await freePort();
  mkdirSync(folder, { recursive: true });
  const config = [
    'server.modules = ( "mod_setenv", "mod_magnet" )',
    'server.document-root = "/nonexistent"',
    `server.pid-file = "${folder}/encoders.pid"`,
    'server.bind = "127.0.0.1"',
    `server.port = ${port}`,
    ...lines,
    "",
  ].join("\n");
  writeFileSync(`${folder}/encoders.conf`, config);
  const server = await startLighttpd(`${folder}/encoders.conf`, `${folder}/encoders.pid`);
  try {
    await run(port);
  } finally {
    await server.stop();
  }
}

function chunksOf<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, at) =>
    values.slice(at * size, (at + 1) * size),
  );
}

test("lighttpd reads every encoded Lua string back byte for byte", needs("lighttpd"), async () => {
  const values = sample(anyText.map((text) => text.replace(/\p{Surrogate}/gu, "")));
  const script = [
    `local values = {\n${values.map(lua).join(",\n")}\n}`,
    'for i, v in ipairs(values) do values[i] = v:gsub(".", function(c) return string.format("%02x", c:byte()) end) end',
    'lighty.r.resp_body.set(table.concat(values, ","))',
    "return 200",
  ];
  writeFileSync(`${folder}/values.lua`, script.join("\n"));
  await withServer([`magnet.attract-raw-url-to = ( ${lighty(`${folder}/values.lua`)} )`], async (port) => {
    const answer = await ask({ port });
    assert.equal(answer.status, 200);
    assert.deepEqual(
      answer.body.split(","),
      values.map((value) => Buffer.from(value).toString("hex")),
    );
  });
});

test("lighttpd reads every encoded string of its config back byte for byte", needs("lighttpd"), async () => {
  // The brackets keep leading and trailing spaces alive in a header.
  const values = sample(printable).map((text) => `<${text}>`);
  const groups = chunksOf(values, 50);
  const blocks = groups.map((group, number) => {
    const headers = group.map((value, index) => `"X-V${index}" => ${lighty(value)}`);
    return `$HTTP["url"] == "/${number}" { setenv.add-response-header = ( ${headers.join(", ")} ) }`;
  });
  await withServer(blocks, async (port) => {
    for (const [number, group] of groups.entries()) {
      const answer = await ask({ port, path: `/${number}` });
      const read = group.map((_, index) =>
        Buffer.from(String(answer.headers[`x-v${index}`]), "latin1").toString("utf8"),
      );
      assert.deepEqual(read, group);
    }
  });
});

test(
  "an encoded literal in a regular expression of lighttpd matches itself and nothing else",
  needs("lighttpd"),
  async () => {
    const groups = chunksOf(
      sample(printable.filter((text) => text.length <= 20)).map((text) => `<${text}>`),
      100,
    );
    // The last block that applies sets the header: no miss at all, no match at all.
    const blocks = groups.flatMap((group, number) => {
      const expression = `"^(?:${group.map(lightyRegex).join("|")})$"`;
      return [
        `$REQUEST_HEADER["X-V${number}"] !~ ${expression} { setenv.set-response-header = ( "X-Miss" => "${number}" ) }`,
        `$REQUEST_HEADER["X-W${number}"] =~ ${expression} { setenv.add-response-header = ( "X-Match" => "${number}" ) }`,
      ];
    });
    // A header that is not sent counts as a miss, so each request is confined to the groups it carries values for.
    const batches = chunksOf(
      groups.map((group, number) => ({ group, number })),
      20,
    );
    const confined = batches.map((batch, at) => {
      const inner = batch.flatMap(({ number }) => blocks.slice(2 * number, 2 * number + 2));
      return [`$HTTP["url"] == "/${at}" {`, ...inner, "}"].join("\n");
    });
    await withServer(confined, async (port) => {
      for (const [at, batch] of batches.entries()) {
        for (let index = 0; index < 100; index += 1) {
          const headers: Record<string, string> = {};
          for (const { group, number } of batch) {
            const value = group[index] ?? "";
            headers[`X-V${number}`] = toLatin1(value);
            const other = mutated(value, index);
            if (!group.includes(other)) headers[`X-W${number}`] = toLatin1(other);
          }
          const answer = await ask({ port, path: `/${at}`, headers });
          assert.equal(answer.status, 404);
          assert.equal(answer.headers["x-miss"], undefined, JSON.stringify([index, headers]));
          assert.equal(answer.headers["x-match"], undefined, JSON.stringify([index, headers]));
        }
      }
      const nothing = await ask({ port, path: "/0" });
      assert.equal(nothing.headers["x-miss"], "19", "the test can fail");
    });
  },
);

function mutated(text: string, seed: number): string {
  const at = seed % text.length;
  return `${text.slice(0, at)}${text[at] === "x" ? "y" : "x"}${text.slice(at + 1)}`.replace(
    /\p{Surrogate}/gu,
    "",
  );
}

function toLatin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
