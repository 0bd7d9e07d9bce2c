import { z } from "zod";
import { backend as backendAddress } from "./address-checks.js";
import { LIMITS } from "./limits.js";
import * as check from "./proxy-checks.js";
import { list, named, str, timeout } from "./schema-parts.js";
import { BALANCES, UPSTREAM_PROTOCOLS } from "./types.js";

const count = (max: number, description: string, min = 1) => z.int().min(min).max(max).describe(description);

const hashBy = z
  .union([
    z.literal("uri"),
    z.strictObject({ header: str("name of a request header", check.fieldName) }),
    z.strictObject({ cookie: str("name of a cookie", check.fieldName) }),
  ])
  .describe('what balance = "hash" looks at: "uri", { header = "X-User" } or { cookie = "sid" }');

const queue = z.strictObject({
  max: count(LIMITS.queueMax, "requests that wait; 0: none, they are answered 503 at once", 0).optional(),
  timeout: timeout("then they are answered 503").optional(),
});

export const statuses = z
  .union([
    z.int().min(200).max(599).describe("a status"),
    str("a range of statuses", check.statusRange).describe("a range"),
  ])
  .describe('answers that are good: "200-399" or 204');

const health = z.strictObject({
  path: str("what each backend is asked for", check.requestTarget),
  host: str("Host of that request", check.hostField).optional(),
  interval: timeout("from one check of a backend to its next").optional(),
  timeout: timeout("a check without an answer by then has failed").optional(),
  passes: count(LIMITS.checksMax, "good checks in a row that make a backend available").optional(),
  fails: count(LIMITS.checksMax, "failed checks in a row that make it unhealthy").optional(),
  status: statuses.optional(),
});

export const cgi = z.strictObject({
  root: str("DOCUMENT_ROOT, as the backend knows it; required for fastcgi", check.absolutePath).optional(),
  index: str("name put behind a path that ends with /", check.fileName).optional(),
  split: list(
    str("an end of a script's name, such as .php", check.scriptEnd),
    LIMITS.cgiSplitsMax,
    "where a path is split into SCRIPT_NAME and PATH_INFO",
  ).optional(),
  params: named(str("value of the variable"), "further variables").optional(),
});

const address = str('"host:port", "[v6]:port" or "unix:/path"', backendAddress);
const backend = z
  .union([
    address,
    z.strictObject({
      address,
      weight: count(
        LIMITS.weightMax,
        "its share of the requests beside the others of the upstream",
      ).optional(),
    }),
  ])
  .describe(
    '"host:port", "[v6]:port", "unix:/path" or { address = "host:port", weight = 3 }; without a weight it is 1',
  );

export const upstream = z.strictObject({
  backends: list(backend, LIMITS.backendsMax, "addresses that take the requests").min(1),
  protocol: z.enum(UPSTREAM_PROTOCOLS).optional().describe("what the backends speak"),
  balance: z
    .enum(BALANCES)
    .optional()
    .describe("which backend a request goes to; sticky: always the same for one client address"),
  hash_by: hashBy.optional(),
  max_connections: count(
    LIMITS.connectionsMax,
    "connections to one backend; more requests wait in queue",
  ).optional(),
  queue: queue.optional().describe("requests that wait for a free connection"),
  fail_timeout: timeout("how long a backend that refused a connection is passed over").optional(),
  connect_timeout: timeout("for a connection to a backend").optional(),
  read_timeout: timeout("for the first byte of an answer, and between two reads").optional(),
  send_timeout: timeout("for a backend that takes nothing of a request").optional(),
  health: health.optional().describe("requests that tell whether a backend is available"),
  cgi: cgi.optional().describe("for fastcgi, scgi and uwsgi: the variables of CGI"),
});

export type RawUpstream = z.infer<typeof upstream>;
