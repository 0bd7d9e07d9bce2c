import type { Kept } from "./keeper-types.js";

/** One place of a set: a process, or the pause before the next one. */
export interface Slot {
  readonly index: number;
  process: Kept | null;
  /** Deaths in a row, each soon after the start. */
  failures: number;
  restarts: number;
  /** Of the next start. */
  timer: NodeJS.Timeout | null;
}

export function newSlot(index: number): Slot {
  return { index, process: null, failures: 0, restarts: 0, timer: null };
}

/** No start is waited for any more. */
export function disarm(slots: readonly Slot[]): void {
  for (const slot of slots) {
    if (slot.timer !== null) clearTimeout(slot.timer);
    slot.timer = null;
  }
}
