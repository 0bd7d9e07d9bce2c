import { z } from "zod";
import { LIMITS } from "./limits.js";
import * as proxy from "./proxy-checks.js";
import { list, named, path, str, timeout, duration } from "./schema-parts.js";
import { cgi, statuses } from "./schema-upstream.js";
import * as check from "./worker-checks.js";
import { STOP_SIGNALS, WORKER_PROTOCOLS } from "./worker-types.js";

const address = str("unix:/path or address:port", check.workerSocket);
const account = (description: string) => str(description, check.accountName);

const socket = z
  .union([
    address,
    z.strictObject({
      address,
      mode: str("permissions of a unix socket", check.socketMode).optional(),
      owner: account("owner of a unix socket; without it the worker's user").optional(),
      group: account("group of a unix socket; without it the worker's group").optional(),
    }),
  ])
  .describe(
    'where they accept: "unix:/run/app/app.sock", "127.0.0.1:9000", or { address = "unix:…", mode = "0660", group = "www-data" }',
  );

const ready = z.strictObject({
  path: str("what a process is asked for, through its protocol", proxy.requestTarget).optional(),
  host: str("Host of that request", proxy.hostField).optional(),
  status: statuses.optional(),
  timeout: timeout("from its start; a process that has not answered well by then is not ready").optional(),
});

const restart = z.strictObject({
  first: timeout("pause before the first restart; doubled with each").optional(),
  longest: timeout("no pause is longer").optional(),
  failures: z
    .int()
    .min(1)
    .max(LIMITS.checksMax)
    .optional()
    .describe("deaths in a row after which starts are tried one at a time, after the longest pause"),
});

export const worker = z.strictObject({
  command: list(
    str("the program, or an argument"),
    LIMITS.workerArgumentsMax,
    "program (an absolute path or a bare name) and arguments; run without a shell, and it must stay in the foreground",
  ).min(1),
  cwd: path("folder that it runs in").optional(),
  user: account("user that it runs as").optional(),
  group: account("group that it runs as").optional(),
  env: named(str("value of the variable"), "variables of its environment").optional(),
  pass_env: list(
    str("name of a variable", check.environmentName),
    LIMITS.cgiParamsMax,
    "variables that it gets from the environment of fence workers",
  ).optional(),
  count: z.int().min(1).max(LIMITS.workersMax).optional().describe("processes"),
  socket,
  backlog: z
    .int()
    .min(1)
    .max(LIMITS.connectionsMax)
    .optional()
    .describe("connections that may wait to be accepted"),
  protocol: z.enum(WORKER_PROTOCOLS).optional().describe("what it speaks on the socket"),
  ready: ready.optional().describe("what a process must answer before it is given requests"),
  stop_signal: z.enum(STOP_SIGNALS).optional().describe("what ends it"),
  grace: duration("for requests in flight to end before the stop signal").optional(),
  stop_timeout: timeout("from the stop signal to SIGKILL").optional(),
  max_age: timeout("when a process is older, all are replaced").optional(),
  restart: restart.optional().describe("pauses between the starts of a process that dies"),
  log: path("file that stdout and stderr are appended to").optional(),
  pid_file: path("file that the pids are written to, one a line").optional(),
  cgi: cgi.optional().describe("for fastcgi and scgi: the variables of CGI, as of an upstream"),
});

export type RawWorker = z.infer<typeof worker>;
