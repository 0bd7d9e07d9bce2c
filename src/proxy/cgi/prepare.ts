import { answerOf } from "../answers/answer.js";
import { failureAnswer } from "../answers/failures.js";
import type { Client } from "../front/client.js";
import type { ServedSite } from "../site.js";
import type { RequestHead } from "../wire/types.js";
import { bytePath } from "./byte-path.js";
import type { CgiUpstream } from "./cgi-upstream.js";
import { faultCause, type CgiFault } from "./faults.js";
import { knownScript, type Absent } from "./find-script.js";
import { Preparation, type Again } from "./preparation.js";
import type { Prepared } from "./prepared.js";
import { slashLocation } from "../static/locations.js";

/** RFC 9110 section 9.3.7: about the server as a whole, of which no script knows. */
const OF_THE_SERVER = answerOf(200, "", "");

/**
 * Finds out what a backend must be told of a request before its head: which script it is for and, when the body has no
 * known length, its length. Nothing of it claims a backend.
 * @param again serves the request anew, once it is known: by then the site may be in another mode
 * @returns null: not known yet, or answered
 */
export function prepare(
  client: Client,
  request: RequestHead,
  site: ServedSite,
  upstream: CgiUpstream,
  again: Again,
): Prepared | null {
  if (client.prepared !== null) return client.prepared;
  if (request.upgrade !== null) return refuse(client, "upgrade-impossible");
  if (request.target === "*") {
    client.reply(OF_THE_SERVER);
    return null;
  }
  const path = bytePath(request);
  if (path === null) return refuse(client, "path-control");
  const script = knownScript(upstream, path, client.context.clock.tick);
  if (typeof script === "string") return replyAbsent(client, request, script);
  if (script !== null && request.framing.kind !== "chunked") return { script, spool: null };
  const preparation = new Preparation(client, request, site, again);
  client.task = preparation;
  preparation.begin(upstream, path, script, (absent) => void replyAbsent(client, request, absent));
  return null;
}

function replyAbsent(client: Client, request: RequestHead, absent: Absent): null {
  if (absent === "missing") return refuse(client, "script-missing");
  client.reply(answerOf(301, `Location: ${slashLocation(request)}\r\n`, ""));
  return null;
}

function refuse(client: Client, fault: CgiFault): null {
  client.reply(failureAnswer(faultCause(fault)));
  return null;
}
