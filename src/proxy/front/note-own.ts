import { wallMs } from "../../base/clock.js";
import type { Client } from "./client.js";

/** Into the access log: an answer of the proxy's own. Those of backends are noted by their exchange. */
export function noteOwn({ context, request, peer }: Client, status: number, bytes: number): void {
  context.accessLog?.add({
    at: wallMs(),
    client: peer,
    host: request?.host ?? null,
    method: request?.method ?? null,
    target: request?.target ?? null,
    status,
    bytes,
  });
}
