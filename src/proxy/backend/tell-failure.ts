import type { Cause, Failure } from "../answers/failures.js";
import type { Context } from "../context.js";
import type { Exchange } from "./exchange.js";

/** Into the error log, and the notes of the request: why a request was not served as it should be. @param why what the system said; "" for nothing */
export function tellFailure(
  { log }: Context,
  { client, site, request }: Exchange,
  { status, reason, text }: Cause,
  why: string,
): void {
  client.notes.reason = reason;
  log.error("request-failed", {
    status,
    reason,
    text,
    ...(why === "" ? {} : { why }),
    site: site.name,
    client: client.peer,
    method: request.method,
    target: request.target,
    backend: client.notes.backend,
  });
}

/** The same of a backend that did not take a request, which goes on to another one. */
export function tellTurn({ log }: Context, { client, site }: Exchange, failure: Failure, why: string): void {
  const event = failure === "backend-closed" ? "backend-closed" : "backend-refused";
  log.error(event, { site: site.name, backend: client.notes.backend, why });
}
