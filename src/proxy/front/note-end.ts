import { monotonicMs, wallMs } from "../../base/clock.js";
import { recordOf } from "../access-log/access-record.js";
import type { Client } from "./client.js";

/**
 * The request under way has come to its end: it is counted, and told to the access log. Once for each, whoever
 * answered it, and for those whose client left before.
 * @param bytes of the answer's body
 */
export function noteEnd(client: Client, status: number, bytes: number): void {
  const { context, notes } = client;
  // Without a request nothing was ever noted of it.
  const site = client.request === null ? null : notes.site;
  const ms = client.request === null ? 0 : monotonicMs() - notes.startedMs;
  if (site === null) context.totals.nobody.count("up", status, ms);
  else site.traffic.count(site.modes.mode, status, ms);
  if (context.accessLog !== null) context.accessLog.add(recordOf(client, status, bytes, wallMs(), ms));
}
