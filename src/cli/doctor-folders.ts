import { constants } from "node:fs";
import { access, lstat, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { FenceError } from "../base/errors.js";
import { refuseForeign } from "../apply/render-tree.js";
import { findProgram } from "../base/run.js";
import type { Spec } from "../spec/types.js";
import { checkOutput, checkStateFolder } from "../switch/safety.js";
import { refuseOtherSpec } from "../switch/spec-record.js";
import type { Finding } from "./doctor.js";

/** Whether fence can write where it has to, and nobody else can. */
export async function folderFindings(spec: Spec): Promise<Finding[]> {
  const found = [
    lockFinding(),
    stateFinding(spec) ?? (await folderFinding("state_dir", spec.stateDir)),
    await folderFinding("run_dir", spec.runDir),
    await folderFinding("output", dirname(spec.outputDir)),
  ];
  found.push(await outputFinding(spec.outputDir));
  return found;
}

/** The state folder decides what the servers run: the check is the one that every change makes. */
function stateFinding(spec: Spec): Finding | null {
  try {
    checkStateFolder(spec.stateDir);
    refuseOtherSpec(spec);
    return null;
  } catch (error) {
    if (!(error instanceof FenceError)) throw error;
    const sentence = error.hint === null ? error.message : `${error.message}. ${error.hint}`;
    return { level: "problem", about: "state_dir", sentence };
  }
}

function lockFinding(): Finding {
  const path = findProgram("flock");
  if (path !== null) return { level: "ok", about: "lock", sentence: path };
  return { level: "problem", about: "lock", sentence: "the program flock is missing (Debian: util-linux)" };
}

async function folderFinding(about: string, folder: string): Promise<Finding> {
  const existing = await nearestFolder(folder);
  const isThere = existing === folder;
  const text = isThere ? folder : `${folder} (not there yet; fence apply makes it)`;
  try {
    await access(existing, constants.W_OK | constants.X_OK);
  } catch (error) {
    const isReadOnly = (error as NodeJS.ErrnoException).code === "EROFS";
    const why = isReadOnly ? "is on a read-only file system" : "cannot be written by this user";
    return {
      level: "problem",
      about,
      sentence: isThere ? `${folder} ${why}` : `${text}: ${existing} ${why}`,
    };
  }
  const { mode, uid } = await stat(existing);
  if (isThere && (mode & 0o022) !== 0) {
    const others = (mode & 0o002) !== 0 ? "everybody" : "its group";
    return {
      level: "problem",
      about,
      sentence: `${folder} can be written by ${others} (chmod go-w): fence trusts what lies there`,
    };
  }
  if (isThere && uid !== 0 && uid !== process.getuid?.()) {
    return {
      level: "problem",
      about,
      sentence: `${folder} belongs to user ${uid}, neither to root nor to this user`,
    };
  }
  return { level: "ok", about, sentence: text };
}

/** The folder itself, or the nearest one above it that exists. */
async function nearestFolder(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    const isThere = await lstat(at).then(
      () => true,
      () => false,
    );
    if (isThere || at === dirname(at)) return at;
  }
}

async function outputFinding(path: string): Promise<Finding> {
  try {
    await lstat(path);
  } catch {
    return { level: "note", about: "output", sentence: `${path} is not rendered yet` };
  }
  try {
    checkOutput(path);
    refuseForeign(path);
    return { level: "ok", about: "output", sentence: `${path} is rendered` };
  } catch (error) {
    const { message, hint = null } = error as FenceError;
    return {
      level: "problem",
      about: "output",
      sentence: `${message}. ${hint ?? "Move it away, or name another output."}`,
    };
  }
}
