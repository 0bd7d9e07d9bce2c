import assert from "node:assert/strict";
import { basename } from "node:path";
import { test } from "node:test";
import { nginxLua } from "../../src/servers/nginx-lua.js";
import { sharedDict } from "../../src/servers/nginx-sites.js";
import { bitsOf, RETRY_STEPS_SEC, stepFlags } from "../../src/servers/nginx-steps.js";
import { nginx } from "../../src/servers/nginx.js";
import type { ModeValues, Spec } from "../../src/spec/types.js";
import { nginxSpec, siteOf } from "../support/nginx.js";
import { httpAt } from "../support/listen.js";

const LISTEN = [httpAt(80)];
const spec = nginxSpec("nginx", "/srv/fence", 8080, LISTEN, [siteOf("main")]);
const [server] = spec.servers;
const [site] = spec.sites;
if (!server || !site) throw new Error("no server, no site");

const values = (rest: Partial<ModeValues>): ModeValues => ({
  mode: "down",
  generation: 12,
  retryAfterSec: 120,
  untilMs: null,
  leftSec: null,
  message: "",
  reason: "",
  hold: null,
  ...rest,
});
const names = (of: typeof nginx, rest: Partial<ModeValues>) =>
  of.variant(spec, server, site, values(rest)).map((file) => file.name);
const content = (of: typeof nginx, name: string, rest: Partial<ModeValues>) => {
  const file = of.variant(spec, server, site, values(rest)).find((one) => one.name === name);
  return file && "content" in file.source ? file.source.content : null;
};

test("Every wait picks the next step upward, and the longest step at most", () => {
  const stepOf = (flags: readonly string[]) => {
    const row = flags.reduce((sum, flag) => sum + 2 ** Number(flag.slice(1)), 0);
    return row === 0 ? null : RETRY_STEPS_SEC[row - 1];
  };
  for (const [seconds, step] of [
    [1, 5],
    [5, 5],
    [6, 10],
    [1000, 1200],
    [604_800, 604_800],
    [10_000_000, 604_800],
  ] as const) {
    assert.equal(stepOf(stepFlags(seconds, 120)), step);
  }
  assert.equal(stepOf(stepFlags(120, 120)), null);
  assert.equal(stepOf(stepFlags(7, 7)), null);
});

test("The steps rise, and each has bits of its own", () => {
  assert.deepEqual(
    [...RETRY_STEPS_SEC].sort((a, b) => a - b),
    RETRY_STEPS_SEC,
  );
  const rows = RETRY_STEPS_SEC.map((_, index) => bitsOf(index + 1).join(""));
  assert.equal(new Set(rows).size, 31);
});

test("Both modes hold the pages, only down holds the flag, and both kinds hold what the other one reads", () => {
  const shared = ["variant", "probe.json", "down.html", "down.json", "down.txt", "state"];
  for (const kind of [nginx, nginxLua]) {
    assert.deepEqual(names(kind, { mode: "up" }), shared);
    assert.deepEqual(names(kind, {}), [...shared, "down", "refuse"]);
    assert.deepEqual(names(kind, { leftSec: 5 }), [...shared, "down", "refuse", "b0"]);
  }
});

test("The variant and the state name mode and generation, and the state ends with its mark", () => {
  assert.equal(content(nginx, "variant", {}), "fence variant=down generation=12 site=main\n");
  const state = content(nginxLua, "state", { untilMs: 1_700_000_000_500 });
  assert.equal(state, "mode=down\ngeneration=12\nuntil=1700000001\nretry_after=120\nlanguages=en\nend=1\n");
});

test("In include mode the main config is not written and not tested", () => {
  const included = { ...server, config: "include" as const };
  assert.deepEqual(
    nginx.files(spec, included).map((file) => file.path),
    [
      "gate.http.conf",
      "live.http.conf",
      "hold.http.conf",
      "hold.main.conf",
      "enter.main.conf",
      "gate.main.conf",
    ],
  );
  const bare = { ...spec, sites: spec.sites.map((site) => ({ ...site, upstream: null })) };
  assert.deepEqual(
    nginx.files(bare, included).map((file) => file.path),
    ["gate.http.conf", "gate.main.conf"],
    "what has no upstream cannot be held",
  );
  assert.equal(nginx.configTest(included, "/srv/fence/rendered/web"), null);
});

test("An old nginx, or one without what the gate is written in, is unfit", () => {
  assert.deepEqual(nginx.unfit("1.22.1", "configure arguments: --with-compat"), []);
  assert.deepEqual(nginxLua.unfit("1.22.1", "configure arguments: --with-compat"), []);
  assert.equal(nginx.unfit("1.16.1", "").length, 1);
  assert.equal(nginx.unfit("1.22.1", "--without-http_map_module").length, 1);
  assert.equal(nginxLua.unfit("1.22.1", "configure arguments: --prefix=/usr").length, 1);
  assert.equal(nginx.version?.pattern.exec("nginx version: nginx/1.22.1\n")?.[1], "1.22.1");
  assert.equal(nginx.version?.pattern.exec("nginx version: openresty/1.25.3\n")?.[1], "1.25.3");
});

test("What cannot work is refused beforehand", () => {
  const long: Spec = { ...spec, runDir: `/run/${"x".repeat(100)}` };
  assert.ok(nginxLua.limits(long, server).some((limit) => limit.level === "refuse"));
  assert.ok(nginx.limits(spec, server).every((limit) => limit.level === "note"));
  const http = { ...spec, sites: [{ ...site, name: "http" }] };
  assert.ok(nginx.limits(http, server).some((limit) => limit.level === "refuse"));
  const tls = { certificate: "/a$b", key: "/k" };
  assert.ok(
    nginx.limits({ ...spec, sites: [{ ...site, tls }] }, server).some((limit) => limit.level === "refuse"),
  );
});

test("No name of a server makes its shared memory one of those that the templates name", () => {
  const zones = ["fence_tls", "fence_nobody_req", "fence_nobody_conn"];
  for (const name of ["tls", "nobody-req", "nobody-conn"]) {
    assert.ok(!zones.includes(sharedDict({ ...server, name }).value), name);
  }
});

test("No site's variant lies where nginx keeps its uploads", () => {
  const [main] = nginx.files(spec, server);
  const temporary = Object.entries(main?.values ?? {}).filter(([name]) => name.startsWith("temp"));
  assert.equal(temporary.length, 5);
  for (const [, path] of temporary) {
    const name = basename(String(path));
    assert.equal(path, nginx.switchPoint(spec, server, { ...site, name }).active);
    assert.doesNotMatch(name, /^[a-z][a-z0-9-]*$/);
  }
});

test("That stock nginx cannot tell how many are in flight is told beforehand", () => {
  const told = nginx.limits(spec, server).map(({ sentence }) => sentence);
  assert.ok(told.some((sentence) => /in flight is told as at least 1, 10, 100 or 1000/.test(sentence)));
});

test("What one worker may have to hold is weighed against its connections, and a limit that means nothing is told", () => {
  const limitsOf = (
    hold: Partial<Spec["sites"][number]["hold"]>,
    config: "standalone" | "include" = "standalone",
  ) => {
    const plain = siteOf("main");
    const own = nginxSpec("nginx-lua", "/srv/fence", 8080, LISTEN, [
      { ...plain, hold: { ...plain.hold, ...hold } },
    ]);
    const [first] = own.servers;
    if (!first) throw new Error("no server");
    return nginxLua.limits(own, { ...first, config }).map(({ sentence }) => sentence);
  };
  const isOfConnections = (sentence: string) =>
    /^max_held of its sites comes to \d+ connections, .* a worker of nginx has 4096/.test(sentence);
  assert.equal(limitsOf({ maxHeld: 2000 }).filter(isOfConnections).length, 0);
  assert.equal(limitsOf({ maxHeld: 2049 }).filter(isOfConnections).length, 1);
  assert.equal(limitsOf({ maxHeld: 2049 }, "include").filter(isOfConnections).length, 0);
  const isOfBody = (sentence: string) =>
    sentence.startsWith("hold.max_body of [site.main] means nothing here");
  assert.equal(limitsOf({}).filter(isOfBody).length, 0);
  assert.equal(limitsOf({ maxBodyBytes: 1 }).filter(isOfBody).length, 1);
});
