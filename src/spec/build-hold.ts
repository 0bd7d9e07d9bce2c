import { ms } from "./build-parts.js";
import { DEFAULTS } from "./defaults.js";
import type { RawSite } from "./schema.js";
import type { Hold } from "./hold-types.js";

export function buildHold(raw: NonNullable<RawSite["hold"]> = {}): Hold {
  return {
    maxWaitMs: ms(raw.max_wait ?? DEFAULTS["site.hold.max_wait"].value),
    maxHeld: raw.max_held ?? DEFAULTS["site.hold.max_held"].value,
    maxHeldPerClient: raw.max_held_per_client ?? DEFAULTS["site.hold.max_held_per_client"].value,
    maxBodyBytes: raw.max_body ?? DEFAULTS["site.hold.max_body"].value,
    forMs: ms(raw.for ?? DEFAULTS["site.hold.for"].value),
    onExpiry: raw.on_expiry ?? DEFAULTS["site.hold.on_expiry"].value,
    releaseConcurrency: raw.release_concurrency ?? DEFAULTS["site.hold.release_concurrency"].value,
    drainTimeoutMs: ms(raw.drain_timeout ?? DEFAULTS["site.hold.drain_timeout"].value),
  };
}
