import { chmodSync, closeSync, constants, fchownSync, fstatSync, lstatSync, openSync } from "node:fs";
import { attempt } from "../base/file-error.js";
import { makeFolders, removeLeftovers } from "../base/folders.js";
import { FenceError } from "../base/errors.js";
import { run } from "../base/run.js";
import type { Plan, PlannedRunFolder } from "../plan/types.js";
import { checkRunFolders } from "../switch/safety.js";

const ID_TIMEOUT_MS = 5000;
const PID_FILE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Makes the folders that the servers need for their control sockets and pid files; those that are there get the right
 * mode. What tmpfiles.conf does at boot, done now. Temporary files of whoever was killed go.
 * @throws FenceError server-unfit (no such user), state-not-safe; FileError
 */
export async function makeRunFolders(plan: Plan): Promise<void> {
  checkRunFolders(
    plan.spec.runDir,
    plan.runFolders.map(({ path }) => path),
  );
  makeFolders(plan.spec.runDir, 0o755);
  for (const folder of plan.runFolders) {
    makeFolders(folder.path, folder.mode);
    removeLeftovers(folder.path);
    if ((lstatSync(folder.path).mode & 0o7777) !== folder.mode) chmodSync(folder.path, folder.mode);
    // Only root can give a file away; a server that another user starts runs as that user.
    if (folder.pidFileOwner !== null && process.geteuid?.() === 0)
      await ownPidFile(folder, folder.pidFileOwner);
  }
}

/** By descriptor: where others can write to the folder of the pid file, a link to another file may take its place. */
async function ownPidFile({ pidFile }: PlannedRunFolder, user: string): Promise<void> {
  const uid = await uidOf(user);
  const fd = attempt("open", pidFile, () => openSync(pidFile, PID_FILE_FLAGS, 0o644));
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.nlink !== 1) {
      throw new FenceError("state-not-safe", `${pidFile} is not a file of its own`, {
        hint: "Remove it, or name another pid_file.",
      });
    }
    if (stats.uid !== uid) attempt("change the owner of", pidFile, () => fchownSync(fd, uid, 0));
  } finally {
    closeSync(fd);
  }
}

async function uidOf(user: string): Promise<number> {
  const done = await run("id", ["-u", "--", user], { timeoutMs: ID_TIMEOUT_MS });
  if (done.exitCode === 0 && /^\d+$/.test(done.stdout.trim())) return Number(done.stdout.trim());
  throw new FenceError("server-unfit", `there is no user named ${user} on this host`, {
    hint: "Make the user, or set user of the server.",
  });
}
