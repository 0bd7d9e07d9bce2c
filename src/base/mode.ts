/** What clients of a site get: the site, the maintenance answer, or a wait for the site. */
export const MODES = ["up", "down", "hold"] as const;
export type Mode = (typeof MODES)[number];

export function isMode(value: unknown): value is Mode {
  return (MODES as readonly unknown[]).includes(value);
}

/** When a hold ends by itself, and in which mode. */
export interface HoldEnd {
  /** Unix time in milliseconds, whole seconds. */
  expiresMs: number;
  onExpiry: "down" | "up";
}

/** One hold, as stamped into its variant. */
export interface HoldValues extends HoldEnd {
  maxWaitMs: number;
  maxHeld: number;
  maxHeldPerClient: number;
  maxBodyBytes: number;
  releaseConcurrency: number;
}

/** What a mode comes to at a point in time. Servers and fence calculate it alike, each by its own clock. */
export function modeAt(mode: Mode, hold: HoldEnd | null, nowMs: number): Mode {
  return mode === "hold" && hold !== null && hold.expiresMs <= nowMs ? hold.onExpiry : mode;
}
