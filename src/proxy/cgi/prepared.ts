import type { Script } from "./script-path.js";
import type { Spool } from "./spool.js";

/** What has to be known of a request before a backend may have it. */
export interface Prepared {
  readonly script: Script;
  /** A body of unknown length; null: there is none, or its length was told. */
  readonly spool: Spool | null;
}

/** Lets go of what was gathered for a request that is over. */
export function dropPrepared(prepared: Prepared | null): null {
  prepared?.spool?.close();
  return null;
}
