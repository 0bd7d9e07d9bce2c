import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { makeRunFolders } from "../../src/apply/run-folders.js";
import { temporaryPath } from "../../src/base/folders.js";
import type { Plan } from "../../src/plan/types.js";
import { needs } from "../support/needs.js";

const root = mkdtempSync(join(tmpdir(), "fence-run-"));
after(() => rmSync(root, { recursive: true }));

function planOf(name: string, pidFileOwner: string | null): Plan {
  const runDir = join(root, name);
  const path = join(runDir, "web");
  const runFolders = [{ path, pidFile: join(path, "server.pid"), mode: 0o711, pidFileOwner }];
  return { spec: { runDir }, files: [], switchPoints: [], runFolders } as unknown as Plan;
}

test("run folders are made with their modes, and mended when they have others", async () => {
  const plan = planOf("modes", null);
  await makeRunFolders(plan);
  const path = join(root, "modes/web");
  assert.equal(statSync(path).mode & 0o7777, 0o711);
  chmodSync(path, 0o700);
  await makeRunFolders(plan);
  assert.equal(statSync(path).mode & 0o7777, 0o711);
});

test("temporary files of a process that has ended are removed from run folders, those of one at work stay", async () => {
  const plan = planOf("leftovers", null);
  await makeRunFolders(plan);
  const path = join(root, "leftovers/web");
  const own = basename(temporaryPath(path));
  for (const name of [own, ".fence-999999999-1-0123456789ab.tmp", "server.pid"])
    writeFileSync(join(path, name), "");
  await makeRunFolders(plan);
  assert.deepEqual(readdirSync(path).sort(), [own, "server.pid"].sort());
});

test("the pid file is made for the server's user, and one of root is given away", needs("root"), async () => {
  const plan = planOf("owner", "nobody");
  await makeRunFolders(plan);
  const pidFile = join(root, "owner/web/server.pid");
  const { uid } = statSync(pidFile);
  assert.notEqual(uid, 0);
  rmSync(pidFile);
  writeFileSync(pidFile, "1\n");
  await makeRunFolders(plan);
  assert.equal(statSync(pidFile).uid, uid);
});

test("a user that does not exist is told before the server fails to start", needs("root"), async () => {
  await assert.rejects(
    makeRunFolders(planOf("stranger", "no-such-user")),
    (error: { code?: string; message: string }) => {
      assert.equal(error.code, "server-unfit");
      assert.match(error.message, /no user named no-such-user/);
      return true;
    },
  );
});

test("a pid file that is a link to a file of root is not given away", needs("root"), async () => {
  for (const link of [symlinkSync, linkSync]) {
    const plan = planOf(`theirs-${link.name}`, "nobody");
    const [folder] = plan.runFolders;
    assert.ok(folder);
    const secret = join(root, `secret-${link.name}`);
    writeFileSync(secret, "x");
    const theirs = join(root, `open-${link.name}`);
    mkdirSync(theirs);
    chmodSync(theirs, 0o777);
    const pidFile = join(theirs, "server.pid");
    link(secret, pidFile);
    await assert.rejects(makeRunFolders({ ...plan, runFolders: [{ ...folder, pidFile }] }));
    assert.equal(statSync(secret).uid, 0);
  }
});

test(
  "a run folder that is a symlink, or that others own or may write to, is refused and left alone",
  needs("root"),
  async () => {
    const target = join(root, "target");
    mkdirSync(target);
    const { mode } = statSync(target);
    const ruin: Record<string, (path: string) => void> = {
      symlink: (path) => symlinkSync(target, path),
      owner: (path) => {
        mkdirSync(path);
        chownSync(path, 65534, 65534);
      },
      open: (path) => {
        mkdirSync(path);
        chmodSync(path, 0o777);
      },
    };
    for (const [name, act] of Object.entries(ruin)) {
      const plan = planOf(`theirs-${name}`, null);
      mkdirSync(plan.spec.runDir);
      act(join(plan.spec.runDir, "web"));
      await assert.rejects(makeRunFolders(plan), { code: "state-not-safe" });
      const whole = planOf(`whole-${name}`, null);
      act(whole.spec.runDir);
      await assert.rejects(makeRunFolders(whole), { code: "state-not-safe" });
    }
    assert.equal(statSync(target).mode, mode);
  },
);
