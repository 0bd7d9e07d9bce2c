import { answerOf, bodyOf, repeatedly, statusLine, type Answer } from "../answers/answer.js";
import type { Client } from "../front/client.js";
import { hasConditions } from "../wire/field-value.js";
import type { RequestHead } from "../wire/types.js";
import { conditionStatus, partOf, type Part } from "./conditions.js";
import type { Found } from "./file-store.js";
import type { FileTransfer } from "./file-transfer.js";

/** What an answer says beside the file; field lines, each with its CRLF. */
export interface Offer {
  /** 200 can be asked for in part and on condition. */
  readonly status: number;
  /** What that status line says, with its CRLF. */
  readonly line: string;
  /** Of the file itself: its type, its coding. */
  readonly about: string;
  /** Of the answer, also of one without the file. */
  readonly always: string;
  /** Many requests for the file have the same. */
  readonly isUsual: boolean;
}

const TEXT = "Content-Type: text/plain; charset=utf-8\r\n";

/** Answers with a file. @param transfer of the look-up: needed for a file that is not in memory */
export function sendFound(
  client: Client,
  request: RequestHead,
  found: Found,
  offer: Offer,
  transfer: FileTransfer | null,
): void {
  const { method, fields } = request;
  const { content, handle, size } = found;
  if (offer.isUsual && method === "GET" && content !== null && !hasConditions(fields))
    return client.reply(usualAnswer(found, offer, content));
  const isPlain = offer.status === 200 && (method === "GET" || method === "HEAD");
  const condition = isPlain ? conditionStatus(fields, found) : 200;
  if (condition !== 200) {
    const told = condition === 304 ? validatorsOf(found) : TEXT;
    return only(client, found, answerOf(condition, told + offer.always, ""));
  }
  // RFC 9110 section 14.2: ranges are for GET alone
  const part = isPlain && method === "GET" ? partOf(fields, size, found) : "whole";
  if (part === "none") {
    const lines = `${TEXT}${offer.always}Content-Range: bytes */${size}\r\n`;
    return only(client, found, answerOf(416, lines, ""));
  }
  const head = headOf(found, offer, part);
  const { first, last } = part === "whole" ? { first: 0, last: size - 1 } : part;
  if (content !== null) client.reply({ ...head, body: bodyOf(content.subarray(first, last + 1)) });
  else if (method === "HEAD") only(client, found, { ...head, body: "" });
  else if (transfer !== null && handle !== null) transfer.send(head, handle, first, last + 1);
}

/** Made once. */
function usualAnswer(found: Found, offer: Offer, content: Buffer): Answer {
  const lines = offer.about + offer.always;
  if (found.answer?.lines !== lines) {
    const answer = repeatedly({ ...headOf(found, offer, "whole"), body: bodyOf(content) });
    found.answer = { lines, answer };
  }
  return found.answer.answer;
}

function headOf(found: Found, offer: Offer, part: Part | "whole"): Omit<Answer, "body"> {
  const { size } = found;
  const { about, always } = offer;
  const lines =
    about + always + (offer.status === 200 ? `${validatorsOf(found)}Accept-Ranges: bytes\r\n` : "");
  if (part === "whole")
    return { status: offer.status, head: `${offer.line}${lines}Content-Length: ${size}\r\n` };
  const { first, last } = part;
  const range = `Content-Range: bytes ${first}-${last}/${size}\r\nContent-Length: ${last - first + 1}\r\n`;
  return { status: 206, head: statusLine(206) + lines + range };
}

function validatorsOf({ etag, modifiedSec }: Found): string {
  return `ETag: ${etag}\r\nLast-Modified: ${new Date(modifiedSec * 1000).toUTCString()}\r\n`;
}

/** An answer that needs nothing of the file itself. */
export function only(client: Client, { handle }: Found, answer: Answer): void {
  void handle?.close();
  client.reply(answer);
}
