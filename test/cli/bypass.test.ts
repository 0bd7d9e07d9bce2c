import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { assertFails, fence, inFolder } from "./run-fence.js";
import { writeSpec } from "./spec-fixture.js";

/** The spec of the fixture, with a server that knows bypasses. */
function proxySpec(folder: string, sites?: readonly string[]): string {
  const file = writeSpec(folder, { port: 24_480, ...(sites === undefined ? {} : { sites }) });
  writeFileSync(file, readFileSync(file, "utf8").replace('kind = "nginx"', 'kind = "proxy"'));
  return file;
}

describe("fence bypass", () => {
  test("new prints a link, list shows it without its secret, revoke ends it", async () => {
    await inFolder(async (folder) => {
      const file = proxySpec(folder);
      const made = await fence(["-c", file, "bypass", "new", "--ttl", "2h"]);
      assert.equal(made.code, 0, made.stderr);
      assert.match(
        made.stdout,
        /^http:\/\/main\.test:24480\/\.well-known\/fence\/bypass\/\d{10}-[\w-]{43}\n$/,
      );
      const [, id = ""] = /^fence: bypass ([0-9a-f]{12}) of main, until /.exec(made.stderr) ?? [];
      const listed = await fence(["-c", file, "bypass", "list"]);
      assert.match(listed.stdout, new RegExp(`^ID +SITE +MADE +UNTIL +BY *\n${id} +main .* tester\n$`));
      const revoked = await fence(["-c", file, "bypass", "revoke", id]);
      assert.equal(revoked.stdout, `revoked: ${id}\n`);
      assert.deepEqual(JSON.parse((await fence(["-c", file, "bypass", "list", "--json"])).stdout), {
        schema: "fence/bypasses@1",
        bypasses: [],
      });
    });
  });

  test("new, list and revoke print JSON, for one site or all", async () => {
    await inFolder(async (folder) => {
      const file = proxySpec(folder, ["main", "shop"]);
      const ids: string[] = [];
      for (const site of ["main", "shop"]) {
        const { stdout } = await fence(["-c", file, "bypass", "new", site, "--json"]);
        ids.push((JSON.parse(stdout) as { id: string }).id);
      }
      const list = async (...names: string[]) => {
        const { stdout } = await fence(["-c", file, "bypass", "list", ...names, "--json"]);
        return (JSON.parse(stdout) as { bypasses: { id: string }[] }).bypasses.map(({ id }) => id);
      };
      assert.deepEqual(await list("shop"), [ids[1]]);
      await fence(["-c", file, "bypass", "revoke", "--all", "shop", "--json"]);
      assert.deepEqual(await list(), [ids[0]]);
      await fence(["-c", file, "bypass", "revoke", "--all"]);
      assert.deepEqual(await list(), []);
    });
  });

  test("refuses what it cannot do, and makes nothing then", async () => {
    await inFolder(async (folder) => {
      const file = proxySpec(folder);
      assertFails(await fence(["-c", file, "bypass", "nwe"]), "usage", 64);
      assertFails(await fence(["-c", file, "bypass", "new", "--ttl", "1s"]), "usage", 64);
      assertFails(await fence(["-c", file, "bypass", "revoke"]), "usage", 64);
      assertFails(await fence(["-c", file, "bypass", "revoke", "0123"]), "usage", 64);
      assert.equal((await fence(["-c", file, "bypass", "list"])).stdout, "");
    });
  });
});
