import { z } from "zod";
import { LIMITS } from "./limits.js";
import { list, path, str, timeout } from "./schema-parts.js";
import * as check from "./value-checks.js";

/** Who is told of changes; which keys go together is in notify-cross-check.ts. */
export const notify = z.strictObject({
  url: str("webhook: an http(s) URL that each change is posted to, as JSON", check.webhook).optional(),
  command: list(
    str("the program, or an argument"),
    LIMITS.workerArgumentsMax,
    "in place of url: program (an absolute path or a bare name) and arguments, run without a shell; the JSON is in FENCE_NOTIFICATION",
  )
    .min(1)
    .optional(),
  secret_file: path("webhook: file whose content signs what is posted, by HMAC-SHA256").optional(),
  timeout: timeout("who has not taken it by then is given up, and that is told").optional(),
});

export type RawNotify = z.infer<typeof notify>;
