import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseSpec } from "../../src/spec/parse.js";
import { importEngine } from "../../src/workers/import-engine.js";
import { assertFails, fence, inFolder, ROOT, runProgram } from "../cli/run-fence.js";
import { needs } from "../support/needs.js";

const YAML = `---
- name:       "foo.server"
  scriptname: "/srv/foo/bin/foo.pl"
  pidfile:    "/var/run/foo.pid"
  socket:     "/var/run/foo.sock"
  nproc:      3
  additional_args: [ "-I", "lib/" ]
- scriptname: "/srv/bar/bar.fcgi"
  pidfile:    "/var/run/bar.pid"
  socket:     ":3000"
  server_class: "FCGI::Engine::Manager::Server::FreeBSD6"
  colour:     "red"
- scriptname: "/srv/baz/app.psgi"
  server_class: "FCGI::Engine::Manager::Server::Plackup"
  server_type: "FCGI"
  workers:    2
  pidfile:    "/var/run/baz.pid"
  socket:     "localhost:3001"
`;
const REST = `[server.web]
kind = "proxy"
listen = ["127.0.0.1:80"]
[site.main]
hosts = ["main.test"]
upstream = "worker:foo"
`;

test("A file of FCGI::Engine::Manager becomes tables that the spec takes, key by key", () => {
  const spec = parseSpec(importEngine(YAML, "servers.yml") + REST, "/etc/fence/fence.toml", () => "");
  const told = spec.workers.map(({ name, command, socket, count, pidFile }) => ({
    name,
    command,
    socket,
    count,
    pidFile,
  }));
  const unix = { kind: "unix", path: "/var/run/foo.sock", mode: 0o660, owner: null, group: null };
  assert.deepEqual(told, [
    {
      name: "foo",
      command: ["perl", "-I", "lib/", "/srv/foo/bin/foo.pl"],
      socket: unix,
      count: 3,
      pidFile: "/var/run/foo.pid",
    },
    {
      name: "bar",
      command: ["perl", "/srv/bar/bar.fcgi"],
      socket: { kind: "tcp", address: "0.0.0.0", port: 3000 },
      count: 1,
      pidFile: "/var/run/bar.pid",
    },
    {
      name: "app",
      command: ["plackup", "--server", "FCGI", "/srv/baz/app.psgi"],
      socket: { kind: "tcp", address: "127.0.0.1", port: 3001 },
      count: 2,
      pidFile: "/var/run/baz.pid",
    },
  ]);
  assert.match(importEngine(YAML, "servers.yml"), /^# colour: not taken over$/m);
});

test("JSON is YAML, two servers of one name get two, and a name that is none becomes one", () => {
  const one = { scriptname: "/a/1_Ä.pl", socket: "/s", pidfile: "/p" };
  const toml = importEngine(JSON.stringify([one, { ...one, name: "x" }, { ...one, name: "x" }]), "a.json");
  assert.deepEqual(
    [...toml.matchAll(/^\[worker\.(.*)\]$/gm)].map(([, name]) => name),
    ["worker", "x", "x-2"],
  );
});

test("What is no such file is refused with what is wrong in it", async () => {
  await inFolder(async (folder) => {
    const cases = [
      ["a: [", /is not YAML/],
      ["a: 1", /is not a list of servers/],
      ["- scriptname: x", /server 1: socket is missing/],
      ['- { scriptname: x, socket: y, pidfile: z, server_class: "My::Own" }', /no server_class My::Own/],
      ["- { scriptname: x, socket: y, pidfile: z, nproc: many }", /nproc is no number/],
    ] as const;
    for (const [text, says] of cases) {
      writeFileSync(join(folder, "a.yml"), text);
      const ended = await fence(["workers", "import", join(folder, "a.yml")]);
      assertFails(ended, "workers-import", 1);
      assert.match(ended.stderr, says);
    }
    assertFails(await fence(["workers", "import", join(folder, "none.yml")]), "workers-import", 1);
  });
});

/** What the module itself says of its keys and methods, one a line. */
const ASK = `use FCGI::Engine::Manager; use FCGI::Engine::Manager::Server::Plackup;
my @classes = map { "FCGI::Engine::Manager$_" } "", "::Server", "::Server::Plackup";
print "$_\\n" for map { $_->name } map { $_->meta->get_all_attributes } @classes;
print "$_()\\n" for $classes[0]->meta->get_method_list;`;
const COMMANDS = ["start", "stop", "restart", "graceful", "status"];
/** No keys of a file, but what Moose and its reader of command lines add. */
const INTERNAL = new Set(["ARGV", "extra_argv", "help_flag", "pid_obj", "usage"]);

test(
  "The docs have a counterpart of every key and command of FCGI::Engine::Manager as it is installed",
  needs("fcgi-engine"),
  async () => {
    const { stdout, stderr } = await runProgram("perl", ["-e", ASK]);
    assert.equal(stderr, "");
    const names = [...new Set(stdout.trim().split("\n"))].filter(
      (name) => !/^_/.test(name) && !INTERNAL.has(name),
    );
    const docs = readFileSync(`${ROOT}/docs/workers.md`, "utf8");
    const table = docs.slice(docs.indexOf("| FCGI::Engine::Manager "));
    const rows = [...table.matchAll(/^\| (.*?) \| (.*?) \|$/gm)].map(([, theirs = "", ours = ""]) => ({
      theirs,
      ours,
    }));
    const keys = names.filter((name) => !name.endsWith("()"));
    assert.ok(keys.includes("scriptname") && keys.includes("workers"), keys.join());
    for (const key of keys)
      assert.ok(
        rows.some(({ theirs, ours }) => theirs.includes(`\`${key}\``) && ours.trim() !== ""),
        `no row of ${key}`,
      );
    for (const command of COMMANDS) {
      assert.ok(names.includes(`${command}()`), command);
      const row = rows.find(({ theirs }) => theirs.startsWith(`\`${command} [NAME]\``));
      assert.ok(row?.ours.startsWith(`\`fence workers ${command} [NAME]\``), command);
    }
  },
);
