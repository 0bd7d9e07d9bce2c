import type { RequestHead } from "../wire/types.js";

/** RFC 9110 section 9.2.2; what else there is may not be done twice. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);

/** Of one request, to whatever backends. */
export const SENDS_MAX = 3;

export function isIdempotent({ method }: RequestHead): boolean {
  return IDEMPOTENT.has(method);
}
