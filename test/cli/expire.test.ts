import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startCountingBackend, type CountingBackend } from "../support/counting-backend.js";
import { needs } from "../support/needs.js";
import { createWorld, freePort, until, type CliResult, type World } from "../support/world.js";

interface Told {
  schema: string;
  overdue: { name: string; then: string; problems: string[] }[];
  change: { sites: { name: string; to: string; result: string }[] } | null;
}

const toldBy = ({ stdout }: CliResult): Told => JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Told;

for (const onExpiry of ["alert", "up"] as const) {
  describe(`fence expire with on_expiry = "${onExpiry}"`, needs("root"), () => {
    let world: World;
    let backend: CountingBackend;

    /** What it says of a site that is past its end. */
    const expire = async (...args: string[]): Promise<CliResult> => {
      let last: CliResult | null = null;
      await until("the end to pass", async () => {
        last = await world.fence("expire", ...args);
        return last.code !== 0 || last.stdout !== "";
      });
      return last ?? assert.fail();
    };

    before(async () => {
      backend = await startCountingBackend(await freePort());
      world = await createWorld({
        kind: "proxy",
        backends: [`"127.0.0.1:${backend.port}"`],
        siteLines: `[site.main.maintenance]\non_expiry = "${onExpiry}"`,
      });
      assert.equal((await world.fence("apply")).code, 0);
      await world.start();
    });
    after(async () => {
      await world.end();
      await backend.kill();
    });

    test("says nothing while no site is past its end", async () => {
      for (const args of [[], ["--for", "1h"]]) {
        if (args.length > 0) assert.equal((await world.fence("down", ...args)).code, 0);
        const { code, stdout, stderr } = await world.fence("expire");
        assert.deepEqual([code, stdout, stderr], [0, "", ""]);
      }
      assert.equal((await world.get()).status, 503);
    });

    if (onExpiry === "alert") {
      test("names the site and leaves it down", async () => {
        assert.equal((await world.fence("down", "--for", "1s")).code, 0);
        const { code, stdout } = await expire();
        assert.equal(code, 2);
        assert.match(stdout, /^main is still down, past its end /);
        assert.deepEqual(
          toldBy(await expire("--json")).overdue.map(({ name, then }) => [name, then]),
          [["main", "alert"]],
        );
        assert.equal((await world.get()).status, 503);
      });
    } else {
      test("leaves a site down whose backend is not well, and says why", async () => {
        await backend.kill();
        assert.equal((await world.fence("down", "--for", "1s")).code, 0);
        const { code, stdout } = await expire();
        assert.equal(code, 9, stdout);
        assert.match(stdout, /^main is still down, past its end .*\n {2}not well: 127\.0\.0\.1:\d+: /);
        assert.equal((await world.get()).status, 503);
      });

      test("brings the site up once its backend is well, and the history tells why", async () => {
        await backend.start();
        const up = await expire("--json");
        assert.equal(up.code, 0, up.stderr);
        assert.deepEqual(
          toldBy(up).change?.sites.map(({ name, to, result }) => [name, to, result]),
          [["main", "up", "done"]],
        );
        assert.equal((await world.get()).status, 200);
        assert.match((await world.fence("history")).stdout, /its announced end has passed/);
        assert.equal((await world.fence("expire")).stdout, "");
      });
    }

    test("tells a hold that has expired and left the site down", async () => {
      assert.equal((await world.fence("up")).code, 0);
      assert.equal((await world.fence("hold", "--for", "2s")).code, 0);
      const { code, stdout } = await expire();
      assert.equal(code, 2, stdout);
      assert.match(stdout, /^main is still down, past its end /);
    });
  });
}
