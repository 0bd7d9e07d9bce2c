import { join } from "node:path";

/** Everything below the state folder is made with these modes: workers read variants as another user. */
export const FOLDER_MODE = 0o755;
export const FILE_MODE = 0o644;

export const lockPath = (stateDir: string): string => join(stateDir, "lock");
export const holderPath = (stateDir: string): string => join(stateDir, "lock.holder");
export const journalPath = (stateDir: string): string => join(stateDir, "journal.json");
export const runRecordPath = (stateDir: string): string => join(stateDir, "run.json");
export const specRecordPath = (stateDir: string): string => join(stateDir, "spec.json");
export const historyPath = (stateDir: string): string => join(stateDir, "history.ndjson");
export const olderHistoryPath = (stateDir: string): string => join(stateDir, "history.1.ndjson");
export const sitesPath = (stateDir: string): string => join(stateDir, "sites");
export const statePath = (stateDir: string, site: string): string => join(stateDir, "sites", `${site}.json`);
export const bypassesPath = (stateDir: string): string => join(stateDir, "bypass");
export const bypassFolder = (stateDir: string, site: string): string => join(bypassesPath(stateDir), site);
/** For servers that cannot hash: nobody but its owner can list it, and workers find in it what they can name. */
export const tokenFolder = (stateDir: string, site: string): string =>
  join(bypassFolder(stateDir, site), "by-token");
export const TOKEN_FOLDER_MODE = 0o711;
