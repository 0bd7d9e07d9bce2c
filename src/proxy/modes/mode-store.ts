import { wallMs } from "../../base/clock.js";
import { modeAt, type Mode } from "../../base/mode.js";
import type { Answer } from "../answers/answer.js";
import { downAnswersOf, probeAnswer, type AnswerFacts, type DownAnswers } from "./down-answer.js";
import { activeFolder, readSiteState, type SiteState } from "./site-state.js";

/** The longest that a timer of Node takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * The mode of one site, as the active variant on the disk says. The disk is the truth; this is a copy that follows it
 * at the start, when fence asks for it and, should nobody ask, at each look. It also follows back to an older
 * generation: an undone switch is one, too.
 */
export class ModeStore {
  /** What is in force: the variant's mode, or what follows a hold that has expired. */
  mode: Mode = "down";
  /** null: there never was a state that could be read. */
  state: SiteState | null = null;
  down: DownAnswers;
  /** To fence's probe, except while the site is down. */
  probe: Answer | null = null;
  /** Told of each state that is taken over, and of the end of a hold. */
  onChange: () => void = () => {};
  private timer: NodeJS.Timeout | null = null;

  constructor(
    readonly active: string,
    private maintenance: AnswerFacts,
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
    if (state === null) {
      this.refresh();
      return false;
    }
    // Fence asks again and again for what it has been told already.
    if (folder === this.state?.folder && state.generation === this.state.generation) this.refresh();
    else this.take(state);
    return true;
  }

  /** For whoever switches without telling: reads only when `active` points elsewhere. */
  look(): void {
    const folder = activeFolder(this.active);
    if (folder !== null && folder !== this.state?.folder) this.sync();
    else this.refresh();
  }

  /** Whether a hold has expired, by the clock of this moment. */
  refresh(): void {
    const { state } = this;
    if (state === null || modeAt(state.mode, state.hold, wallMs()) === this.mode) return;
    this.enter(state);
  }

  /** The spec was read anew. */
  reconfigure(maintenance: AnswerFacts): void {
    this.maintenance = maintenance;
    this.down = downAnswersOf(maintenance, this.state);
  }

  private take(state: SiteState): void {
    this.state = state;
    this.down = downAnswersOf(this.maintenance, state);
    this.enter(state);
  }

  private enter(state: SiteState): void {
    const { hold } = state;
    this.mode = modeAt(state.mode, hold, wallMs());
    this.probe = probeAnswer(state, this.mode);
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.mode === "hold" && hold !== null) {
      const leftMs = Math.min(Math.max(0, hold.expiresMs - wallMs()), TIMER_MS_MAX);
      this.timer = setTimeout(() => this.refresh(), leftMs).unref();
    }
    this.onChange();
  }
}
