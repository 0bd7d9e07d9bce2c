import { z } from "zod";
import { LIMITS } from "./limits.js";
import * as check from "./proxy-checks.js";
import { list, named, str } from "./schema-parts.js";
import type { Check } from "./value-checks.js";

const headerRules = (name: Check) =>
  z.strictObject({
    set: named(str("value of the header"), "headers that get this value and no other").optional(),
    remove: list(str("name of a header", name), LIMITS.headersMax, "headers that are taken out").optional(),
  });

const mappings = (from: Check, to: Check, description: string) =>
  list(
    z
      .strictObject({
        from: str("what it begins with; a domain is compared whole", from),
        to: str("what that becomes", to),
      })
      .describe(description),
    LIMITS.mappingsMax,
    description,
  );

const rewrite = z.strictObject({
  request: headerRules(check.requestField).optional().describe("headers of requests to backends"),
  response: headerRules(check.responseField).optional().describe("headers of backends' answers"),
  location: mappings(
    check.location,
    check.location,
    "Location and Content-Location of answers: URLs or paths up to a border of segments, the first that fits counts",
  ).optional(),
  cookie_domain: mappings(
    check.cookieDomain,
    check.cookieDomainOrNone,
    "Domain of cookies: host names; an empty `to` drops it",
  ).optional(),
  cookie_path: mappings(check.cookiePath, check.cookiePath, "Path of cookies").optional(),
});

const sendfile = z.strictObject({
  roots: list(
    str("an absolute folder", check.folderInside),
    LIMITS.sendfileMax,
    "folders whose files X-Sendfile and X-LIGHTTPD-send-file may name",
  ).optional(),
  accel: list(
    z
      .strictObject({
        prefix: str("URL path prefix", check.accelPrefix),
        dir: str("folder that it stands for", check.folderInside),
      })
      .describe('{ prefix = "/protected/", dir = "/srv/files" }'),
    LIMITS.sendfileMax,
    "what X-Accel-Redirect may name",
  ).optional(),
});

const compress = z.strictObject({
  types: list(str("a media type, or type/*", check.mediaType), LIMITS.mediaTypesMax, "what is compressed")
    .min(1)
    .optional(),
  min_bytes: z
    .int()
    .min(0)
    .max(LIMITS.compressMinBytesMax)
    .optional()
    .describe("an answer known to be smaller is left as it is"),
  encodings: list(z.enum(["br", "gzip"]), 2, "which, the one to be preferred first")
    .min(1)
    .optional(),
});

/** What the proxy does to answers, by the keys of a site. */
export const answers = {
  rewrite: rewrite.optional().describe("changes to headers between clients and backends"),
  sendfile: sendfile.optional().describe("files that a backend may have sent in place of its answer"),
  compress: compress.optional().describe("answers that are compressed on their way"),
};

export type RawRewrite = z.infer<typeof rewrite>;
export type RawSendfile = z.infer<typeof sendfile>;
export type RawCompress = z.infer<typeof compress>;
