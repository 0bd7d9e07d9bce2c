import { causeOf, failureAnswer, type Failure } from "../answers/failures.js";
import { statusLine } from "../answers/answer.js";
import type { Client } from "../front/client.js";
import type { ResponseHead } from "../wire/types.js";
import { FILES } from "./file-store.js";
import { FileTransfer } from "./file-transfer.js";
import { mediaTypeLine } from "./media-type.js";
import type { NamedFile } from "./named-file.js";
import { sendFound, type Offer } from "./send-found.js";

/** Of the file and not of the answer: not said where the file is not sent. */
const ABOUT: ReadonlySet<string> = new Set([
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
]);
/** What the backend says of its empty body, or of parts that it does not send; the file has its own. */
const OF_THE_BODY: ReadonlySet<string> = new Set([
  "accept-ranges",
  "content-range",
  "date",
  "etag",
  "last-modified",
]);

/** Answers with a file that a backend named; whatever the backend said of it still holds. @param head as the client is told it */
export function sendNamed(client: Client, head: ResponseHead, { dir, path }: NamedFile): void {
  const { request } = client;
  if (request === null) return;
  const offer = offerOf(head, path);
  const { tick } = client.context.clock;
  const known = FILES.known(dir, path, tick);
  if (known !== null) return sendFound(client, request, known, offer, null);
  const transfer = new FileTransfer(client);
  client.task = transfer;
  client.discardBody();
  const looked = FILES.find(dir, path, tick).then((found) =>
    found.kind === "file" ? { kind: "file" as const, found } : found,
  );
  transfer.take(
    looked,
    path,
    ({ found }) => sendFound(client, request, found, offer, transfer),
    (kind) => refuseNamed(client, kind === "none" ? "sendfile-missing" : "sendfile-forbidden", path),
  );
}

/** Answers that the file cannot be sent, and says why in the log. @param named as the backend named it */
export function refuseNamed(client: Client, failure: Failure, named: string): void {
  const { context, notes, request } = client;
  const cause = causeOf(failure);
  const { status, reason, text } = cause;
  notes.reason = reason;
  context.log.error("sendfile-refused", {
    status,
    reason,
    text,
    file: named,
    site: notes.site?.name ?? null,
    target: request?.target ?? null,
    backend: notes.backend,
  });
  client.reply(failureAnswer(cause));
}

function offerOf({ status, reason, fields }: ResponseHead, path: string): Offer {
  let about = "";
  let always = "";
  let hasType = false;
  for (let start = 0; start < fields.length;) {
    const end = fields.indexOf("\r\n", start) + 2;
    const name = fields.slice(start, fields.indexOf(":", start)).toLowerCase();
    const line = fields.slice(start, end);
    if (ABOUT.has(name)) about += line;
    else if (!OF_THE_BODY.has(name)) always += line;
    if (name === "content-type") hasType = true;
    start = end;
  }
  if (!hasType) about += mediaTypeLine(path);
  // A part is the proxy's to make.
  const isPlain = status === 200 || status === 206;
  return {
    status: isPlain ? 200 : status,
    line: isPlain ? statusLine(200) : `HTTP/1.1 ${status} ${reason}\r\n`,
    about,
    always,
    isUsual: false,
  };
}
