import type { Site } from "../../spec/types.js";
import type { Exchange } from "../backend/exchange.js";
import { rewritingOf, type Rewriting } from "../rewrite/rewriting.js";
import { NamedFiles } from "../static/named-file.js";
import { refuseNamed, sendNamed } from "../static/send-named.js";
import type { ResponseHead } from "../wire/types.js";
import { CompressedBody } from "./compressed-body.js";
import { Compression } from "./compression.js";
import { DROPPED_BODY } from "./dropped-body.js";

/** What a site does to what passes between clients and backends. */
export interface Treatment {
  readonly rewriting: Rewriting | null;
  readonly files: NamedFiles | null;
  readonly compression: Compression | null;
}

/** @returns null: nothing, and a request of the site pays no more than this one look */
export function treatmentOf({ rewrite, sendfile, compress }: Site): Treatment | null {
  const rewriting = rewritingOf(rewrite);
  const files = sendfile === null ? null : new NamedFiles(sendfile);
  const compression = compress === null ? null : new Compression(compress);
  if (rewriting === null && files === null && compression === null) return null;
  return { rewriting, files, compression };
}

/**
 * What becomes of a backend's final answer.
 * @returns its head as the client is told it; null: the client gets another answer, of which the exchange knows nothing
 */
export function treat(
  exchange: Exchange,
  { rewriting, files, compression }: Treatment,
  head: ResponseHead,
): ResponseHead | null {
  const told = rewriting?.response(head) ?? head;
  if (files !== null && handsOver(exchange, files, told)) return null;
  return compression === null ? told : compressed(exchange, compression, told);
}

function compressed(exchange: Exchange, compression: Compression, head: ResponseHead): ResponseHead {
  const { client, request } = exchange;
  const { coding, head: told } = compression.of(client.request ?? request, head);
  if (coding !== null && head.framing.kind !== "none") {
    exchange.filter = new CompressedBody(exchange, coding, head.declaredLength);
    exchange.stripsChunks = true;
  }
  return told;
}

/** Statuses whose answer has no body, so that there is nothing to put in its place. */
const BODILESS: ReadonlySet<number> = new Set([101, 204, 205, 304]);

/** A file that the backend names takes the place of its answer. @returns false: it names none */
function handsOver(exchange: Exchange, files: NamedFiles, head: ResponseHead): boolean {
  const file = BODILESS.has(head.status) ? null : files.of(head);
  if (file === null) return false;
  const { client } = exchange;
  exchange.filter = DROPPED_BODY;
  // By then all has been taken that came with the head, nearly always the whole answer, and its connection goes on. As
  // with nginx and lighttpd, a backend that says more than that is not listened to.
  process.nextTick(() => {
    client.guard(() => {
      if (!exchange.handOver()) return;
      if (typeof file === "object") sendNamed(client, head, file);
      else refuseNamed(client, `sendfile-${file}`, head.sendfile === "" ? head.accelRedirect : head.sendfile);
    });
  });
  return true;
}
