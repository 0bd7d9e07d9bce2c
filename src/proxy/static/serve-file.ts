import { answerOf, statusLine, type Answer } from "../answers/answer.js";
import type { Client } from "../front/client.js";
import type { RequestHead } from "../wire/types.js";
import { FILES, type Found, type Lookup } from "./file-store.js";
import { FileTransfer } from "./file-transfer.js";
import { fallbackLocation, slashLocation } from "./locations.js";
import { mediaTypeLine } from "./media-type.js";
import { findVariant, knownVariant, type Variant } from "./precompressed.js";
import type { Route } from "../../spec/route-types.js";
import { only, sendFound } from "./send-found.js";

const TEXT = "Content-Type: text/plain; charset=utf-8\r\n";
const NOT_FOUND = answerOf(404, TEXT, "404 Not Found\n");
const FORBIDDEN = answerOf(403, TEXT, "403 Forbidden\n");
const NOT_ALLOWED = answerOf(405, `${TEXT}Allow: GET, HEAD\r\n`, "405 Method Not Allowed\n");

/** Answers a request from the files of a route, at once when the file is known. */
export function serveFile(client: Client, request: RequestHead, route: Route): void {
  const path = pathBelow(request, route);
  const known = FILES.known(route.dir, path, client.context.clock.tick);
  const variant = known === null ? null : knownOf(client, request, route, path, known);
  if (variant !== null) return give(client, request, route, { ...variant, path }, null);
  const transfer = new FileTransfer(client);
  client.task = transfer;
  client.discardBody();
  transfer.take(
    look(client, request, route, path),
    path,
    (variant) => give(client, request, route, variant, transfer),
    (kind) => client.reply(absentAnswer(request, route, kind)),
  );
}

/** A file that answers a request, and what it was found as. */
interface Chosen extends Variant {
  /** Of the file as it is, whatever its form. */
  path: string;
}

type Look = (Chosen & { kind: "file" }) | Exclude<Lookup, Found>;

/** A route with a fallback has no index, as on every server: its folders are answered by the fallback. */
async function look(client: Client, request: RequestHead, route: Route, path: string): Promise<Look> {
  const { tick } = client.context.clock;
  const lookup = await FILES.find(route.dir, path, tick);
  if (lookup.kind === "file") return chosen(client, request, route, path, lookup);
  if (lookup.kind !== "directory" || route.fallback !== null || !request.path.endsWith("/")) return lookup;
  const index = `${path}index.html`;
  const found = await FILES.find(route.dir, index, tick);
  if (found.kind === "file") return chosen(client, request, route, index, found);
  return { kind: "forbidden" };
}

async function chosen(
  client: Client,
  request: RequestHead,
  { dir, precompressed }: Route,
  path: string,
  found: Found,
): Promise<Look> {
  const plain = { found, coding: null };
  const variant = precompressed ? await findVariant(client, request, dir, path, found) : plain;
  return { kind: "file", path, ...variant };
}

function knownOf(
  client: Client,
  request: RequestHead,
  { dir, precompressed }: Route,
  path: string,
  found: Found,
): Variant | null {
  return precompressed ? knownVariant(client, request, dir, path, found) : { found, coding: null };
}

/** What is asked for with a closing slash is a folder. */
function pathBelow({ path }: RequestHead, route: Route): string {
  return `${route.dir}/${path.slice(route.path.length)}`;
}

function absentAnswer(
  request: RequestHead,
  { fallback }: Route,
  kind: Exclude<Lookup, Found>["kind"],
): Answer {
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (fallback !== null && kind !== "forbidden") {
    if (!isRead) return NOT_FOUND;
    const location = fallbackLocation(fallback, request.target);
    return answerOf(302, `Location: ${location}\r\nCache-Control: no-store\r\n`, "");
  }
  if (kind === "directory") return answerOf(301, `Location: ${slashLocation(request)}\r\n`, "");
  return kind === "forbidden" ? FORBIDDEN : NOT_FOUND;
}

function give(
  client: Client,
  request: RequestHead,
  { precompressed }: Route,
  { found, path, coding }: Chosen,
  transfer: FileTransfer | null,
): void {
  const { method } = request;
  if (method !== "GET" && method !== "HEAD") return only(client, found, NOT_ALLOWED);
  const type = mediaTypeLine(path);
  const offer = {
    status: 200,
    line: statusLine(200),
    about: coding === null ? type : `${type}Content-Encoding: ${coding}\r\n`,
    always: precompressed ? "Vary: Accept-Encoding\r\n" : "",
    isUsual: true,
  };
  sendFound(client, request, found, offer, transfer);
}
