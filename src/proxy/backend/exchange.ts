import { monotonicMs } from "../../base/clock.js";
import { causeOf, type Cause, type Failure } from "../answers/failures.js";
import type { BodyFilter } from "../answers/body-filter.js";
import type { BodyReader } from "../body-reader.js";
import type { CgiCall } from "../cgi/call.js";
import { dropPrepared } from "../cgi/prepared.js";
import type { Context } from "../context.js";
import type { Client } from "../front/client.js";
import { noteEnd } from "../front/note-end.js";
import type { Task } from "../front/task.js";
import type { ServedSite } from "../site.js";
import { TIMEOUTS_SEC } from "../timeouts.js";
import { sendText } from "../transport.js";
import { CONTINUE_TEXT, interimHeadText, keepsConnection, responseHeadText } from "../wire/head-text.js";
import type { RequestHead, ResponseHead } from "../wire/types.js";
import type { BackendLink } from "./backend-link.js";
import type { BackendGroup, BackendPool } from "./backend-pool.js";
import { tellFailure } from "./tell-failure.js";

/** RFC 9110 section 9.2.2; what else there is may not be done twice. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);
const SENDS_MAX = 3;

/** One request on its way to a backend and its answer on the way back. */
export class Exchange implements Task {
  /** The backend has the head: the client's body may follow. */
  isReady = false;
  /** All of the request is on its way to the backend. */
  isRequestSent: boolean;
  /** The answer ends where the backend's connection does. */
  endsWithConnection = false;
  stripsChunks = false;
  /** What the body goes through on its way to the client; null: straight. */
  filter: BodyFilter | null = null;
  /** What a backend is sent that does not speak HTTP; null: it does. */
  call: CgiCall | null = null;
  answerBytes = 0;
  /** An exception let it pass while its site is not up. */
  isExempt = false;
  /** Tick of the last sign of life of the backend, or of the last byte it was sent. */
  heardAt: number;
  private readonly isRepeatable: boolean;
  private connection: BackendLink | null = null;
  private tried: Set<BackendPool> | null = null;
  private sends = 0;
  private lastFailure: Failure = "connect-failed";
  private status = 0;
  private isTunnel = false;
  private isOver = false;

  constructor(
    private readonly context: Context,
    readonly client: Client,
    readonly site: ServedSite,
    readonly request: RequestHead,
    private readonly group: BackendGroup,
    body: BodyReader,
  ) {
    this.isRequestSent = body.isDone;
    this.isRepeatable = body.isDone && IDEMPOTENT.has(request.method);
    this.heardAt = context.clock.tick;
    site.inflight += 1;
  }

  /** Takes a backend and sends the request, or waits for the connection. */
  start(): void {
    const { clock } = this.context;
    const pool = this.group.choose(clock.tick, this.tried);
    if (pool === null) return this.fail(this.lastFailure);
    this.heardAt = clock.tick;
    // Another idle connection would most likely be as stale as the one that failed.
    const idle = this.sends > 0 ? null : pool.takeIdle(clock.tick, this.isRepeatable);
    pool.inflight += 1;
    this.client.notes.backend = pool.label;
    if (idle === null) {
      this.connection = pool.connect(this.context, this);
      return;
    }
    this.connection = idle;
    idle.attach(this);
    this.backendReady();
  }

  /** The connection stands: the head goes out, and the body may follow. */
  backendReady(): void {
    if (this.connection === null) return;
    this.sends += 1;
    this.heardAt = this.context.clock.tick;
    const { socket } = this.connection;
    if (!this.isRequestSent && this.client.reader.hasStash) {
      socket.cork();
      this.connection.sendHead(this);
      this.isReady = true;
      this.client.reader.bodyWanted();
      socket.uncork();
      return;
    }
    this.connection.sendHead(this);
    this.isReady = true;
    if (this.isRequestSent) return;
    if (this.request.expectContinue) sendText(this.client.socket, CONTINUE_TEXT);
    this.client.reader.bodyWanted();
  }

  /** A piece of the request body. @returns false: no more before `bodyWanted` */
  sendBody(bytes: Uint8Array, tail: string, isLast: boolean): boolean {
    const { connection } = this;
    if (isLast) this.isRequestSent = true;
    if (connection === null) return true;
    this.heardAt = this.context.clock.tick;
    return connection.sendBody(bytes, tail, isLast);
  }

  backendDrained(): void {
    this.client.reader.bodyWanted();
  }

  clientDrained(): void {
    if (this.filter === null) this.answerWanted();
    else this.filter.clientDrained();
  }

  /** The client's side takes more of the answer. */
  answerWanted(): void {
    this.connection?.resume();
  }

  /** The field lines that tell the backend of the client. */
  forwardingLines(): string {
    return this.client.forwardingFor(this.site).lines(this.request);
  }

  interim(head: ResponseHead): void {
    // 100 was fence's own to send.
    if (head.status !== 100 && this.request.version === 11)
      sendText(this.client.socket, interimHeadText(head));
  }

  /** @returns the head for the client */
  finalHead(head: ResponseHead): string {
    const { client, request, site } = this;
    const receiver = { version: request.version, keepAlive: client.keeps };
    this.status = head.status;
    if (this.context.accessLog !== null) client.notes.backendMs = monotonicMs() - client.notes.startedMs;
    this.endsWithConnection = head.framing.kind === "until-close";
    this.stripsChunks = request.version === 10;
    if (head.upgraded) {
      this.isTunnel = true;
      this.uncount();
      site.tunnels += 1;
      client.startTunnel();
    } else client.keeps = keepsConnection(head.framing, receiver);
    client.isAnswered = true;
    return responseHeadText(head, receiver);
  }

  /** The backend has done its part, and its connection is another's. */
  answerEnded(): void {
    if (this.isOver) return;
    if (this.filter === null) return this.completed();
    if (this.connection !== null) this.connection.pool.inflight -= 1;
    this.connection = null;
    this.filter.end(() => this.completed());
  }

  /** All of the answer is on its way to the client. */
  private completed(): void {
    if (this.isOver) return;
    this.end(null);
    this.client.answered();
  }

  /** The connection is gone with the answer not complete. */
  backendLost(connection: BackendLink, why: string): void {
    if (this.isOver) return;
    const { pool } = connection;
    if (this.isTunnel) {
      this.end(null);
      this.client.closeTunnel(why === "closed");
      return;
    }
    if (this.client.isAnswered) return this.cutOff("backend-cut-off", why);
    pool.inflight -= 1;
    this.connection = null;
    if (!connection.isConnected) {
      pool.refusedAt = this.context.clock.tick;
      (this.tried ??= new Set()).add(pool);
      this.lastFailure = why === "timeout" ? "connect-timeout" : "connect-failed";
      this.context.log.error("backend-refused", { site: this.site.name, backend: pool.label, why });
      return this.start();
    }
    const isStale = connection.served > 0 && !connection.hasAnswerBytes;
    if (isStale && this.isRepeatable && this.sends < SENDS_MAX) return this.start();
    pool.inflight += 1;
    this.connection = connection;
    this.fail("backend-closed", why);
  }

  /** No answer was begun: the client gets one that says so. */
  fail(failure: Failure | Cause, why = ""): void {
    if (this.isOver) return;
    if (this.client.isAnswered) return this.cutOff("backend-cut-off", why);
    const cause = causeOf(failure);
    this.status = cause.status;
    this.tell(cause, why);
    this.release();
    this.client.fail(cause);
  }

  /** An answer was begun and cannot be completed: the client must see that it was not. */
  cutOff(failure: Failure, why: string): void {
    if (this.isOver) return;
    this.tell(causeOf(failure), why);
    this.release();
    this.client.cutOff();
  }

  /** The client is gone. */
  abort(): void {
    if (this.isOver) return;
    if (!this.isTunnel) {
      const cause = causeOf("client-gone");
      this.status = cause.status;
      this.tell(cause, "");
    }
    this.release();
  }

  /** The client has ended its side of an upgraded connection. */
  endTunnel(): void {
    this.connection?.socket.end();
  }

  sweep(tick: number): void {
    const { connection } = this;
    const quiet = tick - this.heardAt;
    if (connection === null || this.isOver) return;
    if (this.isTunnel) {
      if (quiet > TIMEOUTS_SEC.tunnelIdle) this.client.closeTunnel(false);
    } else if (!connection.isConnected) {
      if (quiet > TIMEOUTS_SEC.connect) connection.giveUp("timeout");
    } else if (this.client.isAnswered) {
      // A client that does not take the answer is held to its own limit.
      if (quiet > TIMEOUTS_SEC.answerIdle && this.client.socket.writableLength === 0)
        this.cutOff("backend-stalled", "timeout");
    } else if (!this.isRequestSent) {
      if (connection.socket.writableLength > 0 && quiet > TIMEOUTS_SEC.writeStall)
        this.fail("backend-write-stalled", "timeout");
    } else if (quiet > TIMEOUTS_SEC.firstByte) this.fail("first-byte-timeout", "timeout");
  }

  private tell(cause: Cause, why: string): void {
    this.client.notes.reason = cause.reason;
    tellFailure(this.context, this, this.connection?.pool.label ?? null, cause, why);
  }

  /** Lets go of a connection that is of no further use. */
  private release(): void {
    this.filter?.abort();
    const { connection } = this;
    this.end(connection);
  }

  private end(toDestroy: BackendLink | null): void {
    this.isOver = true;
    if (this.call !== null) this.client.prepared = dropPrepared(this.client.prepared);
    if (this.connection !== null && !this.isTunnel) this.connection.pool.inflight -= 1;
    this.connection = null;
    toDestroy?.destroy();
    if (this.isTunnel) this.site.tunnels -= 1;
    else this.site.ends(this.isExempt);
    // What the proxy itself says in its place is noted when it is said.
    if (!this.client.isAnswered && this.status !== 499) return;
    noteEnd(this.client, this.status, this.answerBytes);
  }

  /** An upgraded connection is no request any more. */
  private uncount(): void {
    if (this.connection !== null) this.connection.pool.inflight -= 1;
    this.site.ends(this.isExempt);
  }
}
