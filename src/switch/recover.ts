import { NotDurable } from "../base/file-error.js";
import { removeLeftovers } from "../base/folders.js";
import type { SwitchPoint } from "../servers/adapter.js";
import { commit } from "./commit.js";
import { readJournal, removeJournal, type Journal, type JournalSite } from "./journal.js";
import { readGeneration, readOnDisk } from "./on-disk.js";
import { bypassFolder, sitesPath, tokenFolder } from "./paths.js";
import { removePointLeftovers, unstage } from "./stage.js";
import { writeState } from "./state.js";
import type { SiteState } from "./types.js";

/** What became of a change that an earlier fence left unfinished. */
export interface Recovered {
  journal: Journal;
  outcome: "finished" | "undone";
  /** The state each site is in now. */
  sites: readonly { site: string; state: SiteState; problems: readonly string[] }[];
}

export interface RecoverOptions {
  stateDir: string;
  /** Those of the plan; a point of the journal that is not among them no longer serves and is left alone. */
  points: readonly SwitchPoint[];
  /** Called when the variants are in force, before the states are written; answers what may be said of a site. */
  prove: (site: string, points: readonly SwitchPoint[], state: SiteState) => Promise<SiteState["proof"]>;
}

/**
 * Finishes or undoes the change that the journal names, and removes leftover temporary files. Call it under the
 * lock. A crash inside it is recovered by the next call.
 * @returns null when there was nothing to recover
 * @throws FenceError journal-unreadable, state-unknown-version; FileError
 */
export async function recover(options: RecoverOptions): Promise<Recovered | null> {
  const { stateDir } = options;
  const journal = readJournal(stateDir);
  const names = [...new Set(options.points.map(({ site }) => site))];
  const bypasses = names.flatMap((name) => [bypassFolder(stateDir, name), tokenFolder(stateDir, name)]);
  [stateDir, sitesPath(stateDir), ...bypasses].forEach(removeLeftovers);
  options.points.forEach(removePointLeftovers);
  if (journal === null) return null;

  const isForward =
    journal.direction === "forward" && journal.sites.some((site) => anyShows(options.points, site));
  const sites = [];
  for (const site of journal.sites) {
    sites.push(
      isForward || journal.direction === "undo"
        ? await bringAbout(options, site, isForward)
        : drop(options, site),
    );
  }
  for (const { state } of sites) if (state.generation > 0) writeState(stateDir, state);
  removeJournal(stateDir);
  return { journal, outcome: isForward ? "finished" : "undone", sites };
}

interface RecoveredSite {
  site: string;
  state: SiteState;
  problems: string[];
}

async function bringAbout(
  options: RecoverOptions,
  site: JournalSite,
  isForward: boolean,
): Promise<RecoveredSite> {
  const problems: string[] = [];
  const points: SwitchPoint[] = [];
  for (const { point, fromGeneration, toGeneration } of located(options.points, site)) {
    const generation = isForward ? toGeneration : fromGeneration;
    if (readGeneration(point, generation) === null) {
      problems.push(`generation ${generation} of ${site.site} on ${point.server} is missing or was edited`);
      continue;
    }
    points.push(point);
    if (readOnDisk(point).generation === generation) continue;
    try {
      commit(point, generation);
    } catch (error) {
      if (!(error instanceof NotDurable)) throw error;
      problems.push(error.message);
    }
  }
  const state = isForward ? site.to : { ...site.from, lastGeneration: site.to.lastGeneration };
  const proof = problems.length > 0 ? "unproven" : await options.prove(site.site, points, state);
  return { site: site.site, state: { ...state, proof }, problems };
}

/** No client ever saw the new generation: as if the change had never been asked for. */
function drop(options: RecoverOptions, site: JournalSite): RecoveredSite {
  for (const { point, toGeneration } of located(options.points, site)) {
    // What was edited since may be the new one, in force.
    if (readOnDisk(point).mode !== "unknown") unstage(point, toGeneration);
  }
  return { site: site.site, state: site.from, problems: [] };
}

function anyShows(points: readonly SwitchPoint[], site: JournalSite): boolean {
  return located(points, site).some(
    ({ point, toGeneration }) => readOnDisk(point).generation === toGeneration,
  );
}

function located(
  points: readonly SwitchPoint[],
  site: JournalSite,
): { point: SwitchPoint; fromGeneration: number; toGeneration: number }[] {
  const found = [];
  for (const { server, form, fromGeneration, toGeneration } of site.points) {
    const point = points.find((one) => one.site === site.site && one.server === server && one.form === form);
    if (point !== undefined) found.push({ point, fromGeneration, toGeneration });
  }
  return found;
}
