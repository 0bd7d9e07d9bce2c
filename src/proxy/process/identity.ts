import { run } from "../../base/run.js";
import type { Identity } from "./messages.js";

const TIMEOUT_MS = 5000;

/**
 * Whom the workers of a proxy become. By id(1), which asks whatever the system keeps its users in.
 * @returns null: nobody else, for no user was named, or this process is that user already
 * @throws Error when there is no such user, or only root could become it
 */
export async function identityOf(user: string | null): Promise<Identity | null> {
  if (user === null) return null;
  const numbers = async (option: string): Promise<number[]> => {
    const { exitCode, stdout, stderr } = await run("id", [option, "--", user], { timeoutMs: TIMEOUT_MS });
    if (exitCode !== 0) throw new Error(`user ${user}: ${stderr.trim() || "id does not know it"}`);
    return stdout.trim().split(/\s+/).map(Number);
  };
  const [[uid = NaN], [gid = NaN], groups] = [await numbers("-u"), await numbers("-g"), await numbers("-G")];
  if (![uid, gid, ...groups].every(Number.isSafeInteger)) throw new Error(`user ${user}: id gave no numbers`);
  if (process.geteuid?.() === uid) return null;
  if (process.geteuid?.() !== 0)
    throw new Error(`only root can become user ${user}: start the proxy as root, or as ${user}`);
  return { uid, gid, groups };
}
