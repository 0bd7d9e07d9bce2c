import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import fc from "fast-check";
import { EncodeError } from "../../src/servers/adapter.js";
import { ngx, ngxPattern, ngxPlain, ngxRegex } from "../../src/servers/encode-nginx.js";
import { needs } from "../support/needs.js";
import { freePort, until } from "../support/world.js";

/** Values for each encoder, spread over few processes: nginx reads a config of thousands of values in no time. FENCE_ENCODED=100000 for a long run. */
const VALUES = Number(process.env["FENCE_ENCODED"] ?? 10_000);
const VALUES_A_PROCESS = 2500;
const SEED = 20_080_101;

const special = fc.constantFrom(
  ..."$\"'\\;{}#~*^()[]|.+?/: =!-&%<>@`,",
  "${",
  "\\\\",
  "\\n",
  "\\t",
  "$1",
  "$uri",
  "://",
  "default",
  "é",
  "日本",
  "🙂",
);
const ascii = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));
const text = fc
  .array(fc.oneof(special, ascii), { minLength: 1, maxLength: 24 })
  .map((parts) => parts.join(""));

function values(): string[] {
  const nasty = [
    "$",
    "$$",
    "\\",
    '"',
    "'",
    "default",
    "include",
    "~x",
    "\\default",
    "${a}",
    "a b",
    "#",
    "}",
    ";",
    "é".repeat(900),
  ];
  return [...nasty, ...fc.sample(text, { seed: SEED, numRuns: VALUES - nasty.length })];
}

/** Runs nginx on the http-level `lines` and one location a value, and hands out what each location answers. */
async function answers(
  lines: (value: string, index: number) => { http?: string; location: string },
  all: readonly string[],
) {
  const found: string[] = [];
  const port = await freePort();
  for (let start = 0; start < all.length; start += VALUES_A_PROCESS) {
    const part = all.slice(start, start + VALUES_A_PROCESS);
    const folder = mkdtempSync(join(tmpdir(), "fence-encode-"));
    const blocks = part.map(lines);
    const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    const config = `worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log; events { }
http { ${temp.join(" ")} access_log off; geo $fence_dollar { default "$"; }
variables_hash_max_size 65536; variables_hash_bucket_size 128; map_hash_bucket_size 8192;
${blocks.map((block) => block.http ?? "").join("\n")}
server { listen 127.0.0.1:${port};
${blocks.map((block, index) => `location = /${index} { ${block.location} }`).join("\n")}
} }`;
    writeFileSync(join(folder, "nginx.conf"), config);
    const child = spawn("nginx", ["-c", join(folder, "nginx.conf"), "-g", "daemon off;"], {
      detached: true,
      stdio: "pipe",
    });
    try {
      found.push(...(await askAll(child, port, part.length)));
    } finally {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      if (child.exitCode === null) await gone;
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return found;
}

async function askAll(child: ChildProcess, port: number, count: number): Promise<string[]> {
  let errors = "";
  child.stderr?.on("data", (chunk) => (errors += String(chunk)));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const get = (index: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = http.get({ port, path: `/${index}`, agent }, (response) => {
        const value = response.headers["x-value"];
        response.resume();
        response.on("end", () => resolve(Buffer.from(String(value ?? ""), "latin1").toString("utf8")));
      });
      request.on("error", reject);
    });
  await until("nginx to answer", async () => {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${errors}`);
    return get(0).then(
      () => true,
      () => false,
    );
  });
  const found: string[] = [];
  for (let index = 0; index < count; index += 50) {
    const batch = Array.from({ length: Math.min(50, count - index) }, (_, offset) => get(index + offset));
    found.push(...(await Promise.all(batch)));
  }
  agent.destroy();
  return found;
}

/** Directives that add 1 or 0 to `$r`: whether the text matches the encoded expression. */
function matching(text: string, encoded: string): string {
  return `set $s ${ngx(text)}; set $m 0; if ($s ~ "${encoded}") { set $m 1; } set $r "$r$m";`;
}

/** HTTP has no blanks at the ends of a header value. */
const marked = (value: string): string => `<${value}>`;

suite("What the encoders write, nginx reads back", needs("nginx"), () => {
  test("ngx: a value that a directive with variables carries", async () => {
    const all = values().map(marked);
    const found = await answers(
      (value) => ({ location: `add_header X-Value ${ngx(value)} always; return 204;` }),
      all,
    );
    assert.deepEqual(found, all);
  });

  test("ngxPlain: a value that a directive without variables carries", async () => {
    // The geo value is not expanded; the location prints it through the variable.
    const all = values().map(marked);
    const lines = (value: string, index: number) => ({
      http: `geo $v${index} { default ${ngxPlain(value)}; }`,
      location: `add_header X-Value $v${index} always; return 204;`,
    });
    assert.deepEqual(await answers(lines, all), all);
  });

  test("ngxRegex: a literal matches itself and nothing longer, shorter or changed", async () => {
    const all = values();
    const lines = (value: string) => {
      const letters = Array.from(value);
      const others = [
        `${value}x`,
        `x${value}`,
        letters.slice(1).join(""),
        `${letters.slice(0, -1).join("")}~~`,
      ];
      const tries = [value, ...others].map((other) => matching(other, `^${ngxRegex(value)}\\z`));
      return { location: `set $r ""; ${tries.join(" ")} add_header X-Value $r always; return 204;` };
    };
    const found = await answers(lines, all);
    assert.deepEqual(
      all.filter((_, index) => found[index] !== "10000"),
      [],
    );
  });

  test("ngxPattern: an expression means what it means to JavaScript", async () => {
    const atom = fc.constantFrom(
      "a",
      "\\.",
      "\\\\",
      '\\"',
      '"',
      "\\$",
      "[a-c]",
      "[^/]",
      "\\d",
      "\\w",
      "(?:a|b)",
      ";",
      "\\{",
      "#",
      " ",
      ".",
    );
    const piece = fc
      .tuple(atom, fc.constantFrom("", "", "*", "+", "?", "{1,2}"))
      .map(([one, times]) => one + times);
    const pattern = fc.array(piece, { minLength: 1, maxLength: 6 }).map((parts) => `^${parts.join("")}$`);
    const subject = fc
      .array(fc.constantFrom(...'abc.\\"$1_;{# /'), { maxLength: 6 })
      .map((parts) => parts.join(""));
    const pairs = fc.sample(fc.tuple(pattern, subject), { seed: SEED, numRuns: VALUES });
    const all = pairs.map(([expression]) => expression);
    let next = 0;
    const lines = (expression: string) => {
      const [, subjectText = ""] = pairs[next++] ?? [];
      const trial = matching(subjectText, ngxPattern(expression));
      return { location: `set $r ""; ${trial} add_header X-Value $r always; return 204;` };
    };
    const found = await answers(lines, all);
    const expected = pairs.map(([expression, subjectText]) =>
      new RegExp(expression).test(subjectText) ? "1" : "0",
    );
    assert.ok(expected.includes("1"));
    assert.deepEqual(found, expected);
  });
});

test("What no nginx config can carry is refused", () => {
  for (const encode of [ngx, ngxPlain, ngxRegex, ngxPattern]) {
    for (const value of ["a\nb", "a\rb", "\0", "\t", "\x7f", "\ud800", "x".repeat(4096)]) {
      assert.throws(() => encode(value), EncodeError, JSON.stringify(value.slice(0, 5)));
    }
  }
});

test("The limit of a token counts what is written, in bytes", () => {
  assert.doesNotThrow(() => ngx("x".repeat(3998)));
  assert.throws(() => ngx("$".repeat(400)), EncodeError);
  assert.throws(() => ngx("é".repeat(2000)), EncodeError);
});
