import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeRunFolders } from "../../src/apply/run-folders.js";
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
