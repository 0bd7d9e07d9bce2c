import { chmodSync, chownSync, lstatSync } from "node:fs";
import { writeNewFile } from "../base/durable.js";
import { FileError } from "../base/file-error.js";
import { exists, makeFolders } from "../base/folders.js";
import { FenceError } from "../base/errors.js";
import { run } from "../base/run.js";
import type { Plan, PlannedRunFolder } from "../plan/types.js";

const ID_TIMEOUT_MS = 5000;

/**
 * Makes the folders that the servers need for their control sockets and pid files; those that are there get the right
 * mode. What tmpfiles.conf does at boot, done now.
 * @throws FenceError server-unfit (no such user); FileError
 */
export async function makeRunFolders(plan: Plan): Promise<void> {
  makeFolders(plan.spec.runDir, 0o755);
  for (const folder of plan.runFolders) {
    makeFolders(folder.path, folder.mode);
    if ((lstatSync(folder.path).mode & 0o7777) !== folder.mode) chmodSync(folder.path, folder.mode);
    // Only root can give a file away; a server that another user starts runs as that user.
    if (folder.pidFileOwner !== null && process.geteuid?.() === 0)
      await ownPidFile(folder, folder.pidFileOwner);
  }
}

async function ownPidFile({ pidFile }: PlannedRunFolder, user: string): Promise<void> {
  const uid = await uidOf(user);
  try {
    if (!exists(pidFile)) writeNewFile(pidFile, "", { mode: 0o644, owner: { uid, gid: 0 } });
    else if (lstatSync(pidFile).uid !== uid) chownSync(pidFile, uid, 0);
  } catch (error) {
    throw error instanceof FileError ? error : new FileError("change the owner of", pidFile, error);
  }
}

async function uidOf(user: string): Promise<number> {
  const done = await run("id", ["-u", "--", user], { timeoutMs: ID_TIMEOUT_MS });
  if (done.exitCode === 0 && /^\d+$/.test(done.stdout.trim())) return Number(done.stdout.trim());
  throw new FenceError("server-unfit", `there is no user named ${user} on this host`, {
    hint: "Make the user, or set user of the server.",
  });
}
