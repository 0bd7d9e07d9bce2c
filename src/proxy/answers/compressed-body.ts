import { constants, createBrotliCompress, createGzip, type BrotliCompress, type Gzip } from "node:zlib";
import type { Exchange } from "../backend/exchange.js";
import { sendOwned, sendText } from "../transport.js";
import type { Coding } from "../wire/content-coding.js";
import type { BodyFilter } from "./body-filter.js";

/** Nearly as small as the best levels, for a tenth of their time. */
const GZIP_LEVEL = 5;
const BROTLI_QUALITY = 4;
/** Of what is looked back to, as a power of two: the memory of an answer under way. */
const BROTLI_WINDOW_BITS = 18;

/**
 * Compresses a body on its way, in chunks, by zlib's own threads. Of a body whose length is known all is on its way
 * anyhow; of any other what has come goes out whenever nothing more is there to be compressed, so that events, lines of
 * a log and the beginning of a page do not wait.
 */
export class CompressedBody implements BodyFilter {
  private readonly encoder: BrotliCompress | Gzip;
  private readonly flushes: number | null;
  /** Pieces that the encoder has not taken in. */
  private pieces = 0;
  private sentBytes = 0;
  private isEnded = false;
  private isAborted = false;

  /** @param length of the body; null: not known */
  constructor(
    private readonly exchange: Exchange,
    coding: Coding,
    length: number | null,
  ) {
    this.encoder = coding === "br" ? brotliOf(length) : createGzip({ level: GZIP_LEVEL });
    const flush = coding === "br" ? constants.BROTLI_OPERATION_FLUSH : constants.Z_SYNC_FLUSH;
    this.flushes = length === null ? flush : null;
    this.encoder.on("data", (bytes: Buffer) => this.send(bytes));
    this.encoder.on("drain", () => exchange.answerWanted());
    this.encoder.on("error", (error) => {
      if (!this.isAborted) exchange.cutOff("internal", error.message);
    });
  }

  write(bytes: Buffer, start: number, end: number): boolean {
    if (end === start) return true;
    this.pieces += 1;
    return this.encoder.write(Buffer.from(bytes.subarray(start, end)), () => this.taken());
  }

  end(done: () => void): void {
    this.isEnded = true;
    this.encoder.once("end", () => {
      sendText(this.exchange.client.socket, "0\r\n\r\n");
      this.exchange.answerBytes = this.sentBytes;
      done();
    });
    this.encoder.end();
  }

  clientDrained(): void {
    this.encoder.resume();
  }

  abort(): void {
    this.isAborted = true;
    this.exchange.answerBytes = this.sentBytes;
    this.encoder.destroy();
  }

  private taken(): void {
    this.pieces -= 1;
    if (this.pieces > 0 || this.flushes === null || this.isEnded || this.isAborted) return;
    this.encoder.flush(this.flushes);
  }

  /** The encoder never writes to these bytes again. */
  private send(bytes: Buffer): void {
    if (this.isAborted) return;
    const { socket } = this.exchange.client;
    this.sentBytes += bytes.length;
    socket.cork();
    sendText(socket, `${bytes.length.toString(16)}\r\n`);
    sendOwned(socket, bytes);
    const isTaken = sendText(socket, "\r\n");
    socket.uncork();
    if (!isTaken && socket.writableLength > 0) this.encoder.pause();
  }
}

function brotliOf(length: number | null): BrotliCompress {
  return createBrotliCompress({
    params: {
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: BROTLI_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: Math.min(length ?? 0, 2 ** 30),
    },
  });
}
