import type { Cause } from "../answers/failures.js";
import type { Context } from "../context.js";
import type { Exchange } from "./exchange.js";

/** Into the error log: why a request was not served as it should be. @param why what the system said; "" for nothing */
export function tellFailure(
  { log }: Context,
  { client, site, request }: Exchange,
  backend: string | null,
  { status, reason, text }: Cause,
  why: string,
): void {
  log.error("request-failed", {
    status,
    reason,
    text,
    ...(why === "" ? {} : { why }),
    site: site.name,
    client: client.peer,
    method: request.method,
    target: request.target,
    backend,
  });
}
