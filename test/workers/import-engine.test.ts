import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseSpec } from "../../src/spec/parse.js";
import { importEngine } from "../../src/workers/import-engine.js";
import { assertFails, fence, inFolder } from "../cli/run-fence.js";

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
