import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chownSync,
  closeSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openLog } from "../../src/base/log-file.js";
import { bindSocketFile } from "../../src/proxy/process/socket-file.js";
import { openSocket } from "../../src/workers/socket-place.js";
import { ask } from "../support/http-answer.js";
import { temporaryFolder } from "../support/fake-machine.js";
import { needs } from "../support/needs.js";
import { startProxy } from "../support/proxy.js";
import { until } from "../support/world.js";

const NOBODY = 65_534;

/** A folder of a site's user, and a file of root that he would like to have. */
function hostileFolder() {
  const folder = join(temporaryFolder(), "site");
  mkdirSync(folder);
  chownSync(folder, NOBODY, NOBODY);
  const victim = join(folder, "../shadow");
  writeFileSync(victim, "root:secret\n", { mode: 0o600 });
  const isUntouched = (): void => {
    const { mode, uid } = statSync(victim);
    assert.deepEqual([mode & 0o7777, uid, readFileSync(victim, "utf8")], [0o600, 0, "root:secret\n"]);
  };
  return { folder, victim, isUntouched };
}

/** What he may put where root is about to write. */
const PLANTED: Readonly<Record<string, (path: string, victim: string) => void>> = {
  "a symlink": (path, victim) => symlinkSync(victim, path),
  "a second name": (path, victim) => linkSync(victim, path),
  "a FIFO": (path) => assert.equal(spawnSync("mkfifo", [path]).status, 0),
  "a folder": (path) => mkdirSync(path),
};

/**
 * Puts something in the place of a socket at the first moment that anybody could: when it has been bound, and the umask
 * that gave it its mode is put back.
 */
async function swappedWhenBound(swap: () => void, bind: () => Promise<unknown>): Promise<unknown> {
  const umask = process.umask.bind(process);
  let calls = 0;
  process.umask = (mask?: number | string) => {
    calls += 1;
    if (calls === 2) swap();
    return mask === undefined ? umask() : umask(mask);
  };
  try {
    return await bind().catch((error: unknown) => error);
  } finally {
    process.umask = umask;
    assert.ok(calls >= 2, "it was bound with a umask of its own");
  }
}

describe("What a site's user plants where root writes", needs("root"), () => {
  for (const [name, plant] of Object.entries(PLANTED)) {
    test(`A log is not opened through ${name}`, () => {
      const { folder, victim, isUntouched } = hostileFolder();
      const path = join(folder, "access.log");
      plant(path, victim);
      assert.throws(() => openLog(path, 0o640), /is a symlink|has another name|is not a file|EISDIR/);
      isUntouched();
    });

    test(`The socket of workers is not given away when ${name} takes its place`, async () => {
      const { folder, victim, isUntouched } = hostileFolder();
      const wish = {
        kind: "unix",
        path: join(folder, "a.sock"),
        mode: 0o660,
        uid: NOBODY,
        gid: NOBODY,
        backlog: 8,
      } as const;
      const outcome = await swappedWhenBound(
        () => {
          const [bound = ""] = spawnSync("ls", [folder], { encoding: "utf8" }).stdout.trim().split("\n");
          unlinkSync(join(folder, bound));
          plant(join(folder, bound), victim);
        },
        () => openSocket(wish, false),
      );
      assert.match((outcome as Error).message, /another file in its place/);
      isUntouched();
    });

    test(`Nothing is done to ${name} in the place of a socket that clients connect to`, async () => {
      const { folder, victim, isUntouched } = hostileFolder();
      const path = join(folder, "web.sock");
      await swappedWhenBound(
        () => {
          unlinkSync(`${path}~`);
          plant(`${path}~`, victim);
        },
        () => bindSocketFile(path, "unix:web"),
      );
      isUntouched();
      assert.equal(statSync(victim).mode & 0o7777, 0o600);
    });
  }

  test("A log that is a file, or /dev/null, is opened", () => {
    const path = join(temporaryFolder(), "log");
    closeSync(openLog(path, 0o640));
    closeSync(openLog(path, 0o640));
    assert.equal(statSync(path).mode & 0o7777, 0o640);
    closeSync(openLog("/dev/null", 0o640));
  });

  test("A proxy whose log was moved away does not write through the symlink in its place", async () => {
    const { folder, victim, isUntouched } = hostileFolder();
    const file = join(folder, "access.log");
    const world = await startProxy(null);
    try {
      world.respec((spec) => ({
        ...spec,
        servers: spec.servers.map((one) => ({ ...one, accessLog: { format: "json", file } })),
      }));
      process.kill(world.masterPid(), "SIGHUP");
      await until("the first line", async () => {
        await ask({ port: world.port, host: "main.test" });
        return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
      });
      renameSync(file, `${file}.1`);
      symlinkSync(victim, file);
      process.kill(world.masterPid(), "SIGUSR1");
      const { size } = statSync(`${file}.1`);
      await until("further lines in the file that it has", async () => {
        await ask({ port: world.port, host: "main.test" });
        return statSync(`${file}.1`).size > size + 1000;
      });
      isUntouched();
    } finally {
      await world.end();
    }
  });
});
