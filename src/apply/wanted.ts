import { isDeepStrictEqual } from "node:util";
import { holdOf } from "./hold.js";
import type { Current, Wanted } from "./change.js";
import type { SwitchRequest } from "./types.js";

/**
 * What a request asks for on one site. What it leaves open stays as it is when the mode stays, and else comes
 * from the spec; a site that is up has nothing to tell and no end.
 */
export function wantedOf(request: SwitchRequest, current: Current, nowMs: number): Wanted {
  const { maintenance } = current.site;
  const { state } = current;
  const keeps = state.generation > 0 && state.mode === request.mode;
  const isDown = request.mode === "down";
  // Whoever cannot be held gets the maintenance answer.
  const isTold = request.mode !== "up";
  return {
    mode: request.mode,
    by: request.by,
    reason: request.reason ?? (keeps ? state.reason : isTold ? maintenance.reason : ""),
    message: isTold ? (request.message ?? (keeps ? state.message : maintenance.message)) : "",
    retryAfterSec: maintenance.retryAfterSec,
    hold: request.mode === "hold" ? holdOf(current, request.hold, nowMs) : null,
    untilMs: isDown ? (request.untilMs ?? (keeps ? state.untilMs : null)) : null,
  };
}

/** Whether the disk already holds exactly what is asked for. */
export function holds(current: Current, wanted: Wanted): boolean {
  const { state } = current;
  return (
    current.isWhole &&
    state.generation > 0 &&
    state.mode === wanted.mode &&
    state.reason === wanted.reason &&
    state.message === wanted.message &&
    state.untilMs === wanted.untilMs &&
    isDeepStrictEqual(state.hold, wanted.hold)
  );
}
