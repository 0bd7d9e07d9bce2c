import { modeAt, type Mode, type HoldValues } from "../base/mode.js";
import type { Site, Upstream } from "../spec/types.js";
import type { SiteState } from "../switch/types.js";
import type { Current } from "./change.js";
import type { HoldRequest } from "./types.js";

/** What a site takes while requests that waited are let go, when nothing says how much. */
const RELEASE_CONCURRENCY = 64;

const NOTHING_ASKED: HoldRequest = { maxWaitMs: null, maxHeld: null, forMs: null, drainTimeoutMs: null };

/**
 * The hold that a request asks for. One that is in force stays as it is where the request says nothing; it is not made
 * longer by asking for it twice.
 */
export function holdOf(
  { site, upstreams, state }: Pick<Current, "site" | "upstreams" | "state">,
  asked: HoldRequest | null,
  nowMs: number,
): HoldValues {
  const { hold } = site;
  const { maxWaitMs, maxHeld, forMs } = asked ?? NOTHING_ASKED;
  const kept = shownMode(state, nowMs) === "hold" ? state.hold : null;
  return {
    maxWaitMs: maxWaitMs ?? kept?.maxWaitMs ?? hold.maxWaitMs,
    maxHeld: maxHeld ?? kept?.maxHeld ?? hold.maxHeld,
    maxHeldPerClient: kept?.maxHeldPerClient ?? hold.maxHeldPerClient,
    maxBodyBytes: kept?.maxBodyBytes ?? hold.maxBodyBytes,
    releaseConcurrency: kept?.releaseConcurrency ?? hold.releaseConcurrency ?? takenBy(upstreams),
    expiresMs: forMs === null && kept !== null ? kept.expiresMs : wholeSeconds(nowMs + (forMs ?? hold.forMs)),
    onExpiry: kept?.onExpiry ?? hold.onExpiry,
  };
}

/** Requests at once: what the narrowest of a site's upstreams takes, since they may all be for that one. */
function takenBy(upstreams: readonly Upstream[]): number {
  const limits = upstreams.flatMap(({ connectionsMax, backends }) =>
    connectionsMax === null ? [] : [connectionsMax * backends.length],
  );
  return limits.length === 0 ? RELEASE_CONCURRENCY : Math.min(...limits);
}

/** Of a site whose state is lost while it is held: nobody knows its end, so it counts as over. */
export function unknownHold(site: Site): HoldValues {
  const { maxWaitMs, maxHeld, maxHeldPerClient, maxBodyBytes, releaseConcurrency, onExpiry } = site.hold;
  const limits = { maxWaitMs, maxHeld, maxHeldPerClient, maxBodyBytes };
  return { ...limits, releaseConcurrency: releaseConcurrency ?? RELEASE_CONCURRENCY, expiresMs: 0, onExpiry };
}

/** What the clients of a site get by its state. */
export function shownMode({ mode, hold }: SiteState, nowMs: number): Mode {
  return modeAt(mode, hold, nowMs);
}

/** Servers count in seconds: both must see the same end. */
function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1000) * 1000;
}
