import { monotonicMs } from "../../base/clock.js";
import { causeOf, type Cause, type Failure } from "../answers/failures.js";
import type { BodyFilter } from "../answers/body-filter.js";
import { treat } from "../answers/treatment.js";
import type { BodyReader } from "../body-reader.js";
import type { CgiCall } from "../cgi/call.js";
import { dropPrepared } from "../cgi/prepared.js";
import type { Context } from "../context.js";
import type { Client } from "../front/client.js";
import { noteEnd } from "../front/note-end.js";
import type { Task } from "../front/task.js";
import type { ServedSite } from "../site.js";
import { sendText } from "../transport.js";
import { CONTINUE_TEXT, interimHeadText, keepsConnection, responseHeadText } from "../wire/head-text.js";
import type { RequestHead, ResponseHead } from "../wire/types.js";
import type { BackendLink } from "./backend-link.js";
import type { BackendGroup } from "./backend-group.js";
import type { BackendPool } from "./backend-pool.js";
import type { Asker } from "./balance/balance.js";
import { isIdempotent, SENDS_MAX } from "./idempotent.js";
import { lookForStream, overdueOf } from "./overdue.js";
import type { Turn } from "./queue/turn.js";
import { tellFailure, tellTurn } from "./tell-failure.js";

/** One request on its way to a backend and its answer on the way back. */
export class Exchange implements Task, Asker {
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
  /** It was upgraded. */
  isTunnel = false;
  /** An exception let it pass while its site is not up. */
  isExempt = false;
  /** Tick of the last sign of life of the backend, or of the last byte it was sent. */
  heardAt: number;
  answer: number | "stream" | null = null; // since when it is known to come
  private readonly isRepeatable: boolean;
  private connection: BackendLink | null = null;
  private tried: Set<BackendPool> | null = null;
  private sends = 0;
  /** While it waits for a backend. */
  private turn: Turn | null = null;
  private lastFailure: Failure = "connect-failed";
  private status = 0;
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
    this.isRepeatable = body.isDone && isIdempotent(request);
    this.heardAt = context.clock.tick;
    site.inflight += 1;
  }

  /**
   * Takes a backend and sends the request, or waits for one, or for the connection.
   * @param hasTurn it need not wait behind others: one that was with a backend has had its turn
   */
  start(hasTurn = this.sends > 0 || this.tried !== null): void {
    const { clock } = this.context;
    const pool = this.group.choose(this, clock.tick, this.tried, hasTurn);
    if (pool === "busy") return this.waitForTurn();
    this.leaveQueue();
    if (pool === null) return this.fail(this.tried === null ? "backends-unhealthy" : this.lastFailure);
    this.heardAt = clock.tick;
    // Another idle connection would most likely be as stale as the one that failed.
    const idle = this.sends > 0 ? null : pool.takeIdle(clock.tick, this.isRepeatable);
    pool.inflight += 1;
    this.client.notes.backend = pool.label;
    this.connection = idle ?? pool.connect(this.context, this);
    if (idle === null) return;
    idle.attach(this);
    this.backendReady();
  }

  private waitForTurn(): void {
    this.turn ??= this.group.queue.admit(this);
    if (this.turn === null) this.fail("queue-full");
  }

  private leaveQueue(): void {
    this.turn?.end();
    this.turn = null;
  }

  /** The connection stands: the head goes out, and the body may follow. */
  backendReady(): void {
    const { connection, client, isRequestSent } = this;
    if (connection === null) return;
    this.sends += 1;
    this.heardAt = this.context.clock.tick;
    // What has come of the body goes out with the head, in one write.
    const isBodyNext = !isRequestSent && client.reader.hasStash;
    connection.sendHead(this, isBodyNext);
    this.isReady = true;
    if (isRequestSent) return;
    if (this.request.expectContinue && !isBodyNext) sendText(client.socket, CONTINUE_TEXT);
    client.reader.bodyWanted();
    if (isBodyNext) connection.flushHead();
  }

  /** A piece of the request body. @param owned as for `BackendLink`. @returns false: no more before `bodyWanted` */
  sendBody(bytes: Buffer, tail: string, isLast: boolean, owned: boolean): boolean {
    const { connection } = this;
    if (isLast) this.isRequestSent = true;
    if (connection === null) return true;
    this.heardAt = this.context.clock.tick;
    return connection.sendBody(bytes, tail, isLast, owned);
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

  clientAddress(): string | null {
    return this.client.forwardingFor(this.site).client(this.request.sent)?.text ?? null;
  }

  /** The field lines that tell the backend of the client. */
  forwardingLines(): string {
    return this.client.forwardingFor(this.site).lines(this.request);
  }

  interim(head: ResponseHead): void {
    // 100 was fence's own to send.
    if (head.status === 100 || this.request.version === 10) return;
    sendText(this.client.socket, interimHeadText(this.site.treatment?.rewriting?.interim(head) ?? head));
  }

  /** @returns the head for the client; "" when it gets another answer */
  finalHead(head: ResponseHead): string {
    const { client, request, site } = this;
    const receiver = { version: request.version, keepAlive: client.keeps };
    this.status = head.status;
    if (this.context.accessLog !== null) client.notes.backendMs = monotonicMs() - client.notes.startedMs;
    this.endsWithConnection = head.framing.kind === "until-close";
    this.stripsChunks = request.version === 10;
    const told = site.treatment === null ? head : treat(this, site.treatment, head);
    if (told === null) return "";
    if (head.upgraded) {
      // It is no request any more.
      this.isTunnel = true;
      if (this.connection !== null) this.connection.pool.inflight -= 1;
      site.ends(this.isExempt);
      site.tunnels += 1;
      client.startTunnel();
    } else client.keeps = keepsConnection(told.framing, receiver);
    client.isAnswered = true;
    return responseHeadText(told, receiver, client.notes.passLine);
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
      pool.refuse(this.context.clock.tick);
      this.turnFrom(pool, why === "timeout" ? "connect-timeout" : "connect-failed", why);
      return this.start();
    }
    if (this.isRepeatable && !connection.hasAnswerBytes && this.sends < SENDS_MAX) {
      // One that had answered others was most likely closed as idle. One that had not: its backend fails.
      if (connection.served === 0) this.turnFrom(pool, "backend-closed", why);
      return this.start();
    }
    pool.inflight += 1;
    this.connection = connection;
    this.fail("backend-closed", why);
  }

  /** A backend did not take the request: another one may. */
  private turnFrom(pool: BackendPool, failure: Failure, why: string): void {
    (this.tried ??= new Set()).add(pool);
    this.lastFailure = failure;
    tellTurn(this.context, this, failure, why);
  }

  /** No answer was begun: the client gets one that says so. */
  fail(failure: Failure | Cause, why = ""): void {
    if (this.isOver) return;
    if (this.client.isAnswered) return this.cutOff("backend-cut-off", why);
    const cause = causeOf(failure);
    this.status = cause.status;
    tellFailure(this.context, this, cause, why);
    this.release();
    this.client.fail(cause);
  }

  /** Lets go of the client, who gets another answer. @returns false: nobody is there to get it */
  handOver(): boolean {
    if (this.isOver) return false;
    this.release();
    this.client.task = null;
    return true;
  }

  /** An answer was begun and cannot be completed: the client must see that it was not. */
  cutOff(failure: Failure, why: string): void {
    if (this.isOver) return;
    if (!this.client.isAnswered) return this.fail(failure, why);
    tellFailure(this.context, this, causeOf(failure), why);
    this.release();
    this.client.cutOff();
  }

  /** The client is gone. */
  abort(): void {
    if (this.isOver) return;
    if (!this.isTunnel) {
      const cause = causeOf("client-gone");
      this.status = cause.status;
      tellFailure(this.context, this, cause, "");
    }
    this.release();
  }

  /** The client has ended its side of an upgraded connection. */
  endTunnel(): void {
    this.connection?.socket.end();
  }

  sweep(tick: number): void {
    this.turn?.sweep();
    if (!this.isOver) lookForStream(this, tick);
    if (this.connection === null || this.isOver) return;
    const overdue = overdueOf(this, this.connection, tick);
    if (overdue === "tunnel-idle") this.client.closeTunnel(false);
    else if (overdue === "backend-stalled") this.cutOff(overdue, "timeout");
    else if (overdue !== null) this.fail(overdue, "timeout");
  }

  /** Lets go of a connection that is of no further use. */
  private release(): void {
    this.filter?.abort();
    this.end(this.connection);
  }

  private end(toDestroy: BackendLink | null): void {
    this.isOver = true;
    this.leaveQueue();
    if (this.call !== null) this.client.prepared = dropPrepared(this.client.prepared);
    if (this.connection !== null && !this.isTunnel) this.connection.pool.inflight -= 1;
    this.connection = null;
    toDestroy?.destroy();
    if (this.isTunnel) this.site.tunnels -= 1;
    else this.site.ends(this.isExempt, this.answer === "stream");
    // What the proxy itself says in its place is noted when it is said.
    if (!this.client.isAnswered && this.status !== 499) return;
    noteEnd(this.client, this.status, this.answerBytes);
  }
}
