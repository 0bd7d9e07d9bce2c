import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { planOf } from "../../src/plan/plan.js";
import { adapterOf } from "../../src/servers/registry.js";
import { loadSpec } from "../../src/spec/load.js";
import { checkPoint, checkRunFolders, checkStateFolder } from "../../src/switch/safety.js";
import { needs } from "../support/needs.js";
import { createWorld, type World } from "../support/world.js";

const NOBODY = 65_534;

/** Everything below a folder that is not a symlink. */
function pathsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => !lstatSync(path).isSymbolicLink());
}

for (const umask of [0o000, 0o077]) {
  test(
    `All that fence writes has its owner and its mode, also with the umask ${umask.toString(8).padStart(3, "0")}`,
    needs("root"),
    async () => {
      const before = process.umask(umask);
      const world = await createWorld({ kind: "proxy" });
      try {
        assert.equal((await world.fence("apply")).code, 0);
        await world.start();
        for (const args of [
          ["down", "main"],
          ["bypass", "new", "main"],
        ])
          assert.equal((await world.fence(...args)).code, 0, args.join(" "));
        for (const path of ["state", "run", "rendered"].flatMap((name) =>
          pathsBelow(join(world.folder, name)),
        )) {
          const stats = lstatSync(path);
          assert.equal(stats.uid, 0, path);
          const name = path.slice(world.folder.length);
          const mode = (stats.mode & 0o7777).toString(8);
          if (stats.isSocket() || name === "/state/lock") assert.equal(mode, "600", name);
          else if (name === "/run/web") assert.equal(mode, "700", name);
          else if (stats.isDirectory()) assert.equal(mode, "755", name);
          else assert.match(mode, name.includes("/scripts/") ? /^755$/ : /^644$/, name);
        }
      } finally {
        process.umask(before);
        await world.end();
      }
    },
  );
}

describe("Where somebody else could have put a file, root changes nothing", needs("root"), () => {
  let world: World;
  before(async () => {
    world = await createWorld({ kind: "proxy" });
    assert.equal((await world.fence("apply")).code, 0);
    await world.start();
    assert.equal((await world.fence("bypass", "new", "main")).code, 0);
  });
  after(() => world.end());

  const refused = async (path: string, ...args: string[]): Promise<void> => {
    const { code, stderr } = await world.fence(...args);
    assert.equal(code, 77, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, /state-not-safe/);
    assert.ok(stderr.includes(path), stderr);
    assert.equal((await world.get()).status, 200);
  };
  const owned = async (path: string, check: () => Promise<void>): Promise<void> => {
    chownSync(path, NOBODY, 0);
    await check();
    chownSync(path, 0, 0);
  };

  test("A switch looks at the state folder, a bypass at who could make one, apply at all folders", async () => {
    const { folder } = world;
    await owned(folder, () => refused(folder, "down", "main"));
    const bypasses = join(folder, "state/bypass/main");
    await owned(bypasses, () => refused(bypasses, "bypass", "new", "main"));
    const run = join(folder, "run/web");
    await owned(run, () => refused(run, "apply"));
  });

  test("A config whose folder another user can swap is not put in force", async () => {
    const folder = join(world.folder, "theirs");
    mkdirSync(folder);
    chownSync(folder, NOBODY, NOBODY);
    const spec = readFileSync(world.specFile, "utf8");
    const elsewhere = spec.replace(/^output = .*$/m, `output = ${JSON.stringify(join(folder, "rendered"))}`);
    assert.notEqual(elsewhere, spec);
    writeFileSync(world.specFile, elsewhere);
    try {
      await refused(folder, "apply");
      assert.deepEqual(readdirSync(folder), []);
    } finally {
      writeFileSync(world.specFile, spec);
    }
  });

  test("Each folder below is looked at: its owner, its mode, and that it is no symlink", async () => {
    const { folder } = world;
    const plan = planOf(await loadSpec(world.specFile), adapterOf);
    const look = (): void => {
      checkStateFolder(join(folder, "state"));
      for (const point of plan.switchPoints) checkPoint(join(folder, "state"), point);
      checkRunFolders(
        join(folder, "run"),
        plan.runFolders.map(({ path }) => path),
      );
    };
    const parts = ["", "state", "state/sites", "state/servers", "state/servers/web", "state/bypass"];
    for (const part of [...parts, "state/bypass/main", "run", "run/web"]) {
      const path = join(folder, part);
      const mode = lstatSync(path).mode & 0o7777;
      const naming = (error: Error): boolean => error.message.startsWith(`${path} `);
      look();
      await owned(path, async () => assert.throws(look, naming));
      chmodSync(path, 0o777);
      assert.throws(look, naming);
      chmodSync(path, 0o775);
      assert.throws(look, naming);
      chmodSync(path, mode);
      if (part === "") continue;
      const elsewhere = join(folder, "elsewhere");
      renameSync(path, elsewhere);
      symlinkSync(elsewhere, path);
      assert.throws(look, naming);
      unlinkSync(path);
      renameSync(elsewhere, path);
    }
    look();
  });
});
