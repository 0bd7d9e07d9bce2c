import { monotonicMs } from "../../base/clock.js";
import type { BackendPool } from "../backend/backend-pool.js";
import type { Exchange } from "../backend/exchange.js";
import type { Context } from "../context.js";
import { copyOf, sendOwned, sendText } from "../transport.js";
import { CgiConnection } from "./cgi-connection.js";
import { FastcgiDecoder } from "./fastcgi-decoder.js";
import { RECORD, RECORD_BYTES_MAX, recordHead, STDIN_END } from "./fastcgi-records.js";
import { rest, wake, type Resting } from "./resting.js";
import { StderrLog } from "./stderr-log.js";

/** None is kept for longer, so that the processes behind it serve the connections of others as well. */
const AGE_TICKS_MAX = 2;

/** FastCGI with a backend, one request after the other on one connection. */
export class FastcgiConnection extends CgiConnection implements Resting {
  isTired = false;
  private readonly decoder = new FastcgiDecoder();
  private readonly bornAt: number;
  private stderr: StderrLog | null = null;
  /** It has not answered anything. */
  private isUnproven = true;

  constructor(context: Context, pool: BackendPool, exchange: Exchange) {
    super(context, pool, exchange);
    this.bornAt = context.clock.tick;
    pool.keepRule.opens(this, monotonicMs());
  }

  override attach(exchange: Exchange): void {
    wake(this);
    super.attach(exchange);
  }

  override sendBody(given: Buffer, _tail: string, isLast: boolean, owned = true): boolean {
    const { socket } = this;
    const bytes = owned ? given : copyOf(given, 0, given.length);
    let isTaken = true;
    socket.cork();
    this.flushHead();
    for (let at = 0; at < bytes.length; at += RECORD_BYTES_MAX) {
      const piece = bytes.subarray(at, at + RECORD_BYTES_MAX);
      sendText(socket, recordHead(RECORD.stdin, piece.length));
      isTaken = sendOwned(socket, piece);
    }
    if (isLast) isTaken = sendText(socket, STDIN_END);
    socket.uncork();
    return isTaken || socket.writableLength === 0;
  }

  protected override onBytes(exchange: Exchange, bytes: Buffer, length: number): void {
    if (this.isUnproven) this.prove();
    const { decoder } = this;
    const end = decoder.take(bytes, 0, length);
    if (typeof end === "string") {
      this.fault(exchange, end);
      return;
    }
    if (decoder.stderr.length > 0) {
      this.stderr ??= new StderrLog();
      if (!this.stderr.add(bytes, decoder.stderr)) {
        this.fault(exchange, "stderr-too-long");
        return;
      }
    }
    if (decoder.isDone && decoder.protocolStatus !== 0) {
      this.fault(exchange, decoder.protocolStatus === 2 ? "overloaded" : "request-refused");
      return;
    }
    if (decoder.isDone) this.keeps = end === length && this.mayKeep();
    if (!this.output(exchange, bytes, decoder.stdout, decoder.isDone) || !decoder.isDone) return;
    if (decoder.appStatus !== 0) this.tellStatus(exchange, decoder.appStatus);
    this.finish(exchange);
  }

  /** The connection ends before the record that ends the request: whatever came is not all. */
  protected override onEnd(): void {
    this.lose("closed");
  }

  protected override reset(): void {
    super.reset();
    this.decoder.reset();
  }

  protected override complete(exchange: Exchange): void {
    this.tellStderr(exchange);
    rest(this);
    super.complete(exchange);
  }

  protected override lose(why: string): void {
    wake(this);
    if (this.isUnproven) this.prove();
    if (this.exchange !== null) this.tellStderr(this.exchange);
    super.lose(why);
  }

  private prove(): void {
    this.isUnproven = false;
    this.pool.keepRule.settles(this);
  }

  private mayKeep(): boolean {
    const { tick } = this.context.clock;
    return tick - this.bornAt < AGE_TICKS_MAX && this.pool.keepRule.mayKeep(tick, monotonicMs);
  }

  private tellStderr(exchange: Exchange): void {
    if (this.stderr === null) return;
    const { text, bytes, isCut } = this.stderr;
    this.stderr = null;
    this.context.log.error("backend-stderr", { ...whose(exchange, this.pool), text, bytes, cut: isCut });
  }

  private tellStatus(exchange: Exchange, appStatus: number): void {
    this.context.log.error("backend-exit-status", { ...whose(exchange, this.pool), appStatus });
  }
}

function whose({ site, request }: Exchange, { label }: BackendPool) {
  return { site: site.name, method: request.method, target: request.target, backend: label };
}
