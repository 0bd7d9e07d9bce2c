import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nameOfToken } from "../base/bypass.js";
import { isoTime } from "../base/clock.js";
import { removeAllDurable, writeAtomic } from "../base/durable.js";
import { FileError, NotDurable } from "../base/file-error.js";
import { makeFolders, namesIn } from "../base/folders.js";
import { bypassFolder, FILE_MODE, FOLDER_MODE, TOKEN_FOLDER_MODE, tokenFolder } from "./paths.js";
import { checkStateFolder } from "./safety.js";

/** A bypass that somebody has made; its token is known to whoever has the link, and to nobody else. */
export interface Bypass {
  /** The first digits of the name of its file. */
  id: string;
  site: string;
  by: string;
  createdAt: string;
  /** Unix seconds. */
  endSec: number;
}

const ID_DIGITS = 12;
const NAME = /^[0-9a-f]{64}$/;

/**
 * Makes a bypass, and forgets those that have ended. `unhashed`: a server of the site cannot hash, and needs a file that
 * has the token for its name.
 * @throws FenceError state-not-safe; FileError nobody can pass by it
 */
export function createBypass(
  stateDir: string,
  { name: site, unhashed }: { name: string; unhashed: boolean },
  by: string,
  nowMs: number,
  ttlMs: number,
): { bypass: Bypass; token: string } {
  checkStateFolder(stateDir);
  const endSec = Math.floor((nowMs + ttlMs) / 1000);
  const token = `${String(endSec).padStart(10, "0")}-${randomBytes(32).toString("base64url")}`;
  const name = nameOfToken(token);
  const bypass = { id: name.slice(0, ID_DIGITS), site, by, createdAt: isoTime(nowMs), endSec };
  const folder = bypassFolder(stateDir, site);
  makeFolders(folder, FOLDER_MODE);
  removeBypasses(
    stateDir,
    readBypasses(stateDir, site).filter((one) => one.endSec * 1000 <= nowMs),
  );
  try {
    writeAtomic(join(folder, name), `${JSON.stringify({ version: 1, ...bypass })}\n`, { mode: FILE_MODE });
    if (unhashed) {
      const tokens = tokenFolder(stateDir, site);
      makeFolders(tokens, TOKEN_FOLDER_MODE);
      writeAtomic(join(tokens, token), "", { mode: FILE_MODE });
    }
  } catch (error) {
    // Its link is told to nobody, so nobody could end it either.
    removeBypasses(stateDir, [bypass]);
    throw error instanceof NotDurable ? new FileError("sync", error.path, error) : error;
  }
  return { bypass, token };
}

/** All of a site, those that have ended too, by their end. */
export function readBypasses(stateDir: string, site: string): Bypass[] {
  const folder = bypassFolder(stateDir, site);
  const found = namesIn(folder).flatMap((name): Bypass[] => {
    if (!NAME.test(name)) return [];
    try {
      const { by, createdAt, endSec } = JSON.parse(readFileSync(join(folder, name), "utf8")) as Bypass;
      return [{ id: name.slice(0, ID_DIGITS), site, by, createdAt, endSec }];
    } catch {
      // One that cannot be read lets nobody pass by its end; it can still be removed.
      return [{ id: name.slice(0, ID_DIGITS), site, by: "unknown", createdAt: isoTime(0), endSec: 0 }];
    }
  });
  return found.sort((a, b) => a.endSec - b.endSec);
}

/**
 * From now on nobody passes by these.
 * @throws FileError some are still there; NotDurable some may come back after a power cut; all others are gone
 */
export function removeBypasses(stateDir: string, gone: readonly Pick<Bypass, "site" | "id">[]): void {
  const paths = gone.flatMap(({ site, id }) => {
    const [tokens, folder] = [tokenFolder(stateDir, site), bypassFolder(stateDir, site)];
    const isIts = (name: string): boolean => NAME.test(name) && name.startsWith(id);
    return [
      ...namesIn(tokens)
        .filter((token) => nameOfToken(token).startsWith(id))
        .map((token) => join(tokens, token)),
      ...namesIn(folder)
        .filter(isIts)
        .map((name) => join(folder, name)),
    ];
  });
  removeAllDurable(paths);
}
