import { answerOf, statusLine, type Answer } from "./answer.js";

/** Everything that can go wrong with a request, but for a head that is refused: that names its own status. */
const FAILURES = {
  "head-timeout": [408, "the request head did not come in time"],
  "body-too-slow": [408, "the request body comes too slowly"],
  "body-too-large": [413, "the request body is larger than the limit"],
  "client-gone": [499, "the client closed the connection before it had the answer"],
  "client-stalled": [499, "the client does not take the answer"],
  "no-site": [404, "no site has this host name"],
  "nothing-here": [404, "no route takes the path, and the site has no upstream"],
  "backends-unhealthy": [503, "no backend passes its health checks"],
  "queue-full": [503, "every backend has as many connections as it may, and the queue is full"],
  "queue-timeout": [503, "no backend had a connection free in time"],
  "connect-failed": [502, "no backend accepts a connection"],
  "connect-timeout": [504, "no backend accepted a connection in time"],
  "backend-closed": [502, "the backend closed the connection before its answer"],
  "too-many-interims": [502, "the backend sent too many interim answers"],
  "backend-cut-off": [502, "the backend closed the connection within its answer"],
  "first-byte-timeout": [504, "the backend did not begin its answer in time"],
  "backend-stalled": [504, "the backend stopped within its answer"],
  "backend-write-stalled": [504, "the backend does not take the request"],
  "sendfile-malformed": [502, "the backend names no path of a file, or two files"],
  "sendfile-outside": [502, "the backend names a file outside of the folders of sendfile"],
  "sendfile-missing": [404, "the file that the backend names does not exist"],
  "sendfile-forbidden": [403, "the file that the backend names may not be read, or is none"],
  "file-cut-off": [500, "the file could not be read to its end"],
  "too-many-connections": [503, "the proxy has as many connections as it may"],
  "too-many-of-client": [503, "the client has as many connections as it may"],
  "shutting-down": [503, "the proxy is shutting down"],
  internal: [500, "an unexpected error in the proxy"],
} as const satisfies Record<string, readonly [number, string]>;

export type Failure = keyof typeof FAILURES;

/** Why a request was not served as it should be. */
export interface Cause {
  status: number;
  reason: string;
  /** One sentence, for the log. */
  text: string;
}

/** The only place where a cause gets a status. */
export function causeOf(failure: Failure | Cause): Cause {
  if (typeof failure !== "string") return failure;
  const [status, text] = FAILURES[failure];
  return { status, reason: failure, text };
}

/** What the client is told: no more than the status, for the reason is in the log. */
export function failureAnswer({ status }: Cause): Answer {
  const words = statusLine(status).slice("HTTP/1.1 ".length, -2);
  return answerOf(
    status,
    "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n",
    `${words}\n`,
  );
}
