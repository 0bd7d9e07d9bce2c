import assert from "node:assert/strict";
import { readFileSync, renameSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { nginxWorkers } from "../../src/verify/nginx-workers.js";
import { assertFails } from "../cli/run-fence.js";
import { OWN_NGINX, ownNginx, startHeldWorld, type HeldWorld } from "../support/held-world.js";
import { needs } from "../support/needs.js";
import { until } from "../support/world.js";

describe("A hold in a config of the user's own", needs(...OWN_NGINX.need), () => {
  let world: HeldWorld;
  let own: string;
  before(async () => {
    world = await startHeldWorld({ ...OWN_NGINX, own: configOf });
    own = `${world.folder}/own.conf`;
  });
  after(() => world.end());

  /** All that goes to the backends may wait; with more locations. */
  function configOf({ folder, port }: Pick<HeldWorld, "folder" | "port">, more = ""): string {
    writeFileSync(`${folder}/headers.conf`, "proxy_set_header Host $host;\n");
    const right = `location / {
      include ${folder}/rendered/web/enter.main.conf;
      include headers.conf;
      proxy_pass http://$fence_main_upstream;
      proxy_read_timeout 10m;
    }`;
    const zones = "limit_conn_zone $uri zone=test_conn:32k; limit_req_zone $uri zone=test_req:32k rate=1r/s;";
    return ownNginx(folder, port, `${more}\n${right}`).replace("http {", `http {\n  ${zones}`);
  }

  /** As people and programs do it: beside it, and then in its place. */
  function write(file: string, text: string): void {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }

  async function reload(): Promise<void> {
    const before = nginxWorkers(world.masterPid()).map(({ pid }) => pid);
    process.kill(world.masterPid(), "SIGHUP");
    await until("new workers", () => {
      const now = nginxWorkers(world.masterPid());
      return now.length > 0 && now.every(({ pid }) => !before.includes(pid));
    });
  }

  /** By each command, with nothing changed. */
  async function assertRefused(told: RegExp): Promise<void> {
    const from = await generation();
    const hold = await world.fence("hold", "main");
    assertFails(hold, "not-wired", 1);
    assert.match(hold.stderr, told);
    assertFails(await world.fence("hold", "--dry-run", "main"), "not-wired", 1);
    assertFails(await world.fence("run", "main", "--", "false"), "not-wired", 1);
    assert.equal((await world.fence("is", "up", "main")).code, 0);
    assert.equal(await generation(), from);
    const check = await world.fence("check");
    assert.equal(check.code, 0, check.stdout);
    assert.match(check.stdout, /^note: .*web: fence hold is refused: /m);
    assert.match(check.stdout, told);
    assert.match((await world.fence("doctor")).stdout, told);
  }

  async function generation(): Promise<number> {
    const { stdout } = await world.fence("status", "--json");
    return (JSON.parse(stdout) as { sites: { generation: number }[] }).sites[0]?.generation ?? -1;
  }

  async function assertHeld(): Promise<void> {
    await world.hold("main");
    await world.done("release", "main");
  }

  test("is taken when it is wired, and nothing is said against it", async () => {
    const { code, stdout } = await world.fence("check");
    assert.equal(code, 0, stdout);
    assert.doesNotMatch(stdout, /refused/);
    await assertHeld();
  });

  const wrong: readonly (readonly [string, (world: HeldWorld) => string, RegExp])[] = [
    [
      "a location passes to a backend past the gate",
      ({ backend }) => `location /a { proxy_pass http://localhost:${backend.port}; }`,
      /\/own\.conf:\d+: http:\/\/localhost:\d+ is a backend of main/,
    ],
    [
      "a location passes to fence's own name of the backends",
      () => "location /a { proxy_pass http://fence_app; }",
      /http:\/\/fence_app is a backend of main/,
    ],
    [
      "what a location passes on is not counted",
      () => "location /a { include headers.conf; proxy_pass http://$fence_main_upstream; }",
      /what is passed on in location \/a is not counted/,
    ],
    [
      "a request is counted elsewhere before",
      () => "location /a { limit_conn test_conn 9; try_files $uri @a; } location @a { return 204; }",
      /limit_conn test_conn is in effect in location \/a/,
    ],
    [
      "a request may be kept before it is counted",
      () => "limit_req zone=test_req burst=5;",
      /limit_req test_req is in effect in location \/ and delays requests/,
    ],
  ];
  for (const [what, more, told] of wrong) {
    test(`is refused when ${what}`, async () => {
      write(own, configOf(world, more(world)));
      await assertRefused(told);
    });
  }

  test("is refused when nginx has not read a file since it was changed, and taken when it has", async () => {
    write(own, configOf(world));
    await assertRefused(/own\.conf was changed after web has read it; reload web/);
    await reload();
    await assertHeld();
    // Of an older date, and by a symlink.
    const headers = `${world.folder}/headers.conf`;
    write(`${headers}.2`, readFileSync(headers, "utf8"));
    unlinkSync(headers);
    symlinkSync(`${headers}.2`, headers);
    utimesSync(`${headers}.2`, 1e9, 1e9);
    await assertRefused(/headers\.conf was changed after web has read it/);
    await reload();
    await assertHeld();
  });

  test("is refused when nginx has not read what fence apply has written, and taken when it has", async () => {
    const spec = readFileSync(world.specFile, "utf8");
    writeFileSync(world.specFile, `${spec}exceptions = { pass = ["/passes"] }\n`);
    await world.done("apply");
    await assertRefused(/fence apply has changed the files that web includes; reload web/);
    await reload();
    await assertHeld();
    // What is written anew as it was needs no reload.
    writeFileSync(world.specFile, `${spec}exceptions = { pass = ["/passes"] }\n# a comment\n`);
    await world.done("apply");
    await assertHeld();
  });

  test("is refused with nginx's own words when it does not take the config", async () => {
    write(own, `${configOf(world)}\nnonsense;\n`);
    await assertRefused(/nginx -T -c \S+own\.conf -g daemon off; fails: .*unknown directive "nonsense"/);
    write(own, configOf(world));
    await reload();
  });

  test("that is in force may be made longer, whatever has become of the config", async () => {
    await world.hold("main");
    write(own, `${configOf(world)}\nnonsense;\n`);
    await world.hold("main");
    // Once it is over the next one is a new one.
    await world.done("hold", "--for", "1s", "--no-wait", "main");
    await until("the hold to expire", async () => (await world.site()).mode === "down");
    assertFails(await world.fence("hold", "main"), "not-wired", 1);
    write(own, configOf(world));
    await reload();
    await world.done("up", "main");
  });
});
