import type { Maintenance } from "../../spec/types.js";
import type { Answer } from "../answers/answer.js";
import { downAnswersOf, probeAnswer, type DownAnswers } from "./down-answer.js";
import { activeFolder, readSiteState, type SiteState } from "./site-state.js";

/**
 * The mode of one site, as the active variant on the disk says. The disk is the truth; this is a copy that follows it
 * at the start, when fence asks for it and, should nobody ask, at each look. It also follows back to an older
 * generation: an undone switch is one, too.
 */
export class ModeStore {
  /** The one field that a request looks at while the site is up. */
  isUp = false;
  /** null: there never was a state that could be read. */
  state: SiteState | null = null;
  down: DownAnswers;
  /** To fence's probe while the site is up. */
  probe: Answer | null = null;

  constructor(
    readonly active: string,
    private maintenance: Maintenance,
  ) {
    this.down = downAnswersOf(maintenance, null);
    this.sync();
  }

  /**
   * Reads the active variant. One that cannot be read changes nothing; before the first that can, the site is down:
   * closed rather than open.
   * @returns whether what is in force is what the disk says
   */
  sync(): boolean {
    const folder = activeFolder(this.active);
    const state = folder === null ? null : readSiteState(folder);
    if (state === null) return false;
    this.take(state);
    return true;
  }

  /** For whoever switches without telling: reads only when `active` points elsewhere. */
  look(): void {
    const folder = activeFolder(this.active);
    if (folder !== null && folder !== this.state?.folder) this.sync();
  }

  /** The spec was read anew. */
  reconfigure(maintenance: Maintenance): void {
    this.maintenance = maintenance;
    this.down = downAnswersOf(maintenance, this.state);
  }

  private take(state: SiteState): void {
    this.state = state;
    this.down = downAnswersOf(this.maintenance, state);
    this.probe = probeAnswer(state);
    this.isUp = state.mode === "up";
  }
}
