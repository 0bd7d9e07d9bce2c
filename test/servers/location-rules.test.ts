import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { locationMappingOf, mappedLocation } from "../../src/proxy/rewrite/location.js";
import { mappedPath } from "../../src/proxy/rewrite/path-mapping.js";
import { cookiePathSteps, locationSteps, type MappingStep } from "../../src/servers/location-rules.js";
import type { Mapping } from "../../src/spec/types.js";
import { findProgram, needs } from "../support/needs.js";

/** Each line: a number of a list of steps, a tab, the value in hex. Perl's expressions are those that PCRE is named after. */
const PERL = `
my @lists = map { [ map { [split /\\t/, $_, -1] } split /\\n/, $_ ] } split /\\n\\n/, $ENV{STEPS};
while (<STDIN>) {
  chomp; my ($list, $hex) = split /\\t/; my $value = pack "H*", $hex; my $told = $value;
  for my $step (@{$lists[$list]}) {
    my ($pattern, $to) = map { pack "H*", $_ } @$step[0, 1];
    if ($value =~ /^$pattern\\z/) { $told = $to eq "=" ? $value : substr($to, 1) . $+{rest}; last }
  }
  print unpack("H*", $told), "\\n";
}
`;

const hex = (text: string): string => Buffer.from(text, "latin1").toString("hex");
const quoted = (text: string): string =>
  text.replace(/[^A-Za-z0-9]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);

function stepLine({ origin, path, border, rest, to }: MappingStep): string {
  return `${hex(`${origin}${quoted(path)}${border}(?<rest>${rest})`)}\t${hex(`=${to ?? ""}`)}`;
}

/** What the steps make of each value. */
function byPerl(
  lists: readonly (readonly MappingStep[])[],
  rows: readonly (readonly [number, string])[],
): string[] {
  const { stdout, stderr, status } = spawnSync(findProgram("perl") ?? "", ["-e", PERL], {
    input: rows.map(([list, value]) => `${list}\t${hex(value)}\n`).join(""),
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    encoding: "latin1",
    env: { STEPS: lists.map((steps) => steps.map(stepLine).join("\n")).join("\n\n") },
  });
  assert.equal(status, 0, stderr);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => Buffer.from(line, "hex").toString("latin1"));
}

const FROM = [
  "http://127.0.0.1:8080",
  "http://127.0.0.1:8080/",
  "http://127.0.0.1:8080/app",
  "http://127.0.0.1:8080/app/",
  "http://app.internal",
  "https://app.internal:443/",
  "http://[::1]:8080/",
  "/",
  "/app",
  "/app/",
];
const TO = [
  "https://www.example.com",
  "https://www.example.com/",
  "https://www.example.com/x",
  "/",
  "/shop",
  "/shop/",
];
const HEADS = [
  "http://127.0.0.1:8080",
  "HTTP://127.0.0.1:08080",
  "http://127.0.0.1:80801",
  "http://127.0.0.1:8080.evil.test",
  "http://user@127.0.0.1:8080",
  "http://127.0.0.1:8080@evil.test",
  "http://App.internal",
  "http://app.internal:80",
  "http://app.internal:",
  "https://app.internal",
  "http://[::1]:8080",
  "//evil.test",
  "/",
  "",
  "ftp://127.0.0.1:8080",
];
const TAILS = [
  "",
  "/",
  "/app",
  "/app/",
  "/app/x",
  "/apple",
  "/app?x=/y",
  "/app#x",
  "?x",
  "#x",
  "//x",
  "/app//x",
  "/app///x",
];
const ODD = [
  "/app/\\evil.test",
  "\\\\evil.test",
  "/\\evil.test",
  "/app /x",
  "/app/\te",
  "/app/\xe4",
  "app/x",
  "../app",
  "/app/\n",
];
const VALUES = [...HEADS.flatMap((head) => TAILS.map((tail) => head + tail)), ...ODD];

const single: readonly (readonly Mapping[])[] = FROM.flatMap((from) => TO.map((to) => [{ from, to }]));
const several: readonly (readonly Mapping[])[] = [
  [
    { from: "/app/", to: "/" },
    { from: "/", to: "/other/" },
  ],
  [
    { from: "http://127.0.0.1:8080/app", to: "/shop" },
    { from: "http://127.0.0.1:8080", to: "https://www.example.com" },
  ],
];

describe("A mapping as steps of regular expressions", () => {
  const lists = [...single, ...several];

  test("makes of every Location what the proxy makes of it", needs("perl-fcgi"), () => {
    const rows = lists.flatMap((_, list) => VALUES.map((value) => [list, value] as const));
    const told = byPerl(lists.map(locationSteps), rows);
    const wrong = rows.flatMap(([list, value], index) => {
      const mappings = (lists[list] ?? []).map(locationMappingOf);
      const expected = mappedLocation(mappings, value);
      return told[index] === expected
        ? []
        : [`${JSON.stringify(lists[list])} ${value}: ${told[index]}, not ${expected}`];
    });
    assert.deepEqual(wrong.slice(0, 20), []);
  });

  test("makes of every path of a cookie what the proxy makes of it", needs("perl-fcgi"), () => {
    const paths = single.filter(([one]) => one?.from.startsWith("/") === true && one.to.startsWith("/"));
    const rows = paths.flatMap((_, list) =>
      TAILS.filter((tail) => tail.startsWith("/")).map((value) => [list, value] as const),
    );
    const told = byPerl(paths.map(cookiePathSteps), rows);
    rows.forEach(([list, value], index) => {
      const [{ from, to } = { from: "", to: "" }] = paths[list] ?? [];
      assert.equal(told[index], mappedPath(from, to, value) ?? value, `${from} to ${to}: ${value}`);
    });
  });
});
