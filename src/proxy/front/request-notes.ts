import { monotonicMs } from "../../base/clock.js";
import type { ServedSite } from "../site.js";

/** What is known of the request under way when it comes to its end, for the counts and the access log. */
export class RequestNotes {
  /** null: no site has its host. */
  site: ServedSite | null = null;
  /** When its head was whole; monotonic. */
  startedMs = 0;
  /** Why it failed; null: it has not. */
  reason: string | null = null;
  /** The backend that it went to last, and how long until the head of its answer; null: there was none. */
  backend: string | null = null;
  backendMs: number | null = null;

  /** A field line for whoever passes while others do not; "": there is nothing to tell. */
  passLine = "";

  begin(): void {
    this.site = null;
    this.startedMs = monotonicMs();
    this.reason = null;
    this.backend = null;
    this.backendMs = null;
    this.passLine = "";
  }
}
