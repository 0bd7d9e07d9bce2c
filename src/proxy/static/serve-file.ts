import { MIME_DEFAULT, MIME_TYPES } from "../../servers/mime.js";
import { answerOf, bodyOf, statusLine, type Answer } from "../answers/answer.js";
import { causeOf } from "../answers/failures.js";
import type { Client } from "../front/client.js";
import type { RequestHead } from "../wire/types.js";
import { conditionStatus, partOf, type Part } from "./conditions.js";
import { FileStore, type Found, type Lookup } from "./file-store.js";
import { FileTransfer } from "./file-transfer.js";
import { fallbackLocation, slashLocation } from "./locations.js";
import type { StaticRoute } from "./routes.js";

const store = new FileStore();
const TEXT = "Content-Type: text/plain; charset=utf-8\r\n";
const NOT_FOUND = answerOf(404, TEXT, "404 Not Found\n");
const FORBIDDEN = answerOf(403, TEXT, "403 Forbidden\n");
const NOT_ALLOWED = answerOf(405, `${TEXT}Allow: GET, HEAD\r\n`, "405 Method Not Allowed\n");

/** Answers a request from the files of a route, at once when the file is known. */
export function serveFile(client: Client, request: RequestHead, route: StaticRoute): void {
  const path = pathBelow(request, route);
  const known = store.known(path, client.context.clock.tick);
  if (known !== null) {
    sendFound(client, request, path, known);
    return;
  }
  const transfer = new FileTransfer(client);
  client.task = transfer;
  client.discardBody();
  void look(client, request, route, path).then(
    (lookup) => {
      if (transfer.isOver) return closeUnused(lookup);
      if (lookup.kind === "file") sendFound(client, request, lookup.path, lookup, transfer);
      else client.reply(absentAnswer(request, route, lookup.kind));
    },
    (error: unknown) => {
      client.context.log.error("file-failed", { path, text: (error as Error).message });
      if (!transfer.isOver) client.fail(causeOf("internal"));
    },
  );
}

/** A route with a fallback has no index, as on every server: its folders are answered by the fallback. */
async function look(
  client: Client,
  request: RequestHead,
  route: StaticRoute,
  path: string,
): Promise<(Found & { path: string }) | Exclude<Lookup, Found>> {
  const { tick } = client.context.clock;
  const lookup = await store.find(route.dir, path, tick);
  if (lookup.kind === "file") return { ...lookup, path };
  if (lookup.kind !== "directory" || route.fallback !== null || !request.path.endsWith("/")) return lookup;
  const index = `${path}index.html`;
  const found = await store.find(route.dir, index, tick);
  if (found.kind === "file") return { ...found, path: index };
  return { kind: "forbidden" };
}

/** What is asked for with a closing slash is a folder. */
function pathBelow({ path }: RequestHead, route: StaticRoute): string {
  return `${route.dir}/${path.slice(route.path.length)}`;
}

function absentAnswer(
  request: RequestHead,
  { fallback }: StaticRoute,
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

function sendFound(
  client: Client,
  request: RequestHead,
  path: string,
  found: Found,
  transfer?: FileTransfer,
): void {
  const { method, fields } = request;
  const { content, handle, size, etag, modifiedSec } = found;
  if (method !== "GET" && method !== "HEAD") return only(client, found, NOT_ALLOWED);
  const validators = `ETag: ${etag}\r\nLast-Modified: ${new Date(modifiedSec * 1000).toUTCString()}\r\n`;
  const condition = conditionStatus(fields, found);
  if (condition !== 200) {
    return only(client, found, answerOf(condition, condition === 304 ? validators : TEXT, ""));
  }
  const part = method === "GET" ? partOf(fields, size, found) : "whole";
  if (part === "none")
    return only(client, found, answerOf(416, `${TEXT}Content-Range: bytes */${size}\r\n`, ""));
  const head = headOf(path, size, part, validators);
  const { first, last } = part === "whole" ? { first: 0, last: size - 1 } : part;
  if (content !== null) client.reply({ ...head, body: bodyOf(content.subarray(first, last + 1)) });
  else if (method === "HEAD") only(client, found, { ...head, body: "" });
  else if (transfer !== undefined && handle !== null) transfer.send(head.head, handle, first, last + 1);
}

function headOf(path: string, size: number, part: Part | "whole", validators: string): Omit<Answer, "body"> {
  const status = part === "whole" ? 200 : 206;
  const length = part === "whole" ? size : part.last - part.first + 1;
  const range = part === "whole" ? "" : `Content-Range: bytes ${part.first}-${part.last}/${size}\r\n`;
  return {
    status,
    head:
      `${statusLine(status)}Content-Type: ${mimeOf(path)}\r\n${validators}Accept-Ranges: bytes\r\n${range}` +
      `Content-Length: ${length}\r\n`,
  };
}

/** An answer that needs nothing of the file itself. */
function only(client: Client, { handle }: Found, answer: Answer): void {
  void handle?.close();
  client.reply(answer);
}

function closeUnused(lookup: Lookup): void {
  if (lookup.kind === "file") void lookup.handle?.close();
}

function mimeOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  const extension = dot === -1 ? "" : name.slice(dot + 1).toLowerCase();
  return Object.hasOwn(MIME_TYPES, extension) ? (MIME_TYPES[extension] ?? MIME_DEFAULT) : MIME_DEFAULT;
}
