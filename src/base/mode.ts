/** What clients of a site get. `hold` joins the list when the gate exists. */
export const MODES = ["up", "down"] as const;
export type Mode = (typeof MODES)[number];

export function isMode(value: unknown): value is Mode {
  return (MODES as readonly unknown[]).includes(value);
}
