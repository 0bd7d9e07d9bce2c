import { z } from "zod";
import { LIMITS } from "./limits.js";
import { duration, timeout } from "./schema-parts.js";

/** The table `[site.NAME.hold]`. */
export const hold = z.strictObject({
  max_wait: timeout("a request waits no longer; then it gets the maintenance answer").optional(),
  max_held: z
    .int()
    .min(1)
    .max(LIMITS.heldMax)
    .optional()
    .describe("requests that wait at once, in each worker; those beyond it get the maintenance answer"),
  max_held_per_client: z
    .int()
    .min(1)
    .max(LIMITS.heldMax)
    .optional()
    .describe(
      "the same for one client address; loopback and trusted proxies stand for many and are not counted",
    ),
  max_body: z
    .int()
    .min(0)
    .max(LIMITS.heldBodyBytesMax)
    .optional()
    .describe("bytes of one waiting request that are read ahead"),
  for: timeout("the hold ends by itself after this long").optional(),
  on_expiry: z.enum(["down", "up"]).optional().describe("the mode after that"),
  release_concurrency: z
    .int()
    .min(1)
    .max(LIMITS.heldMax)
    .optional()
    .describe("requests at the backends at once while those that waited are let go"),
  drain_timeout: duration("how long fence hold waits until no request is at the backends").optional(),
});
