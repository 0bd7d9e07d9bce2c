export const BYPASS_ACTIONS = ["new", "list", "revoke"] as const;

/** Options of `fence bypass`, as commander hands them over. */
export interface BypassOptions {
  /** Milliseconds. */
  ttl: number;
  all?: true;
}
