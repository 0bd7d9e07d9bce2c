import { causeOf, type Cause } from "../answers/failures.js";
import { BodyReader } from "../body-reader.js";
import type { Client } from "../front/client.js";
import type { Task } from "../front/task.js";
import type { ServedSite } from "../site.js";
import { copyOf, sendText } from "../transport.js";
import { CONTINUE_TEXT } from "../wire/head-text.js";
import type { RequestHead } from "../wire/types.js";
import type { CgiUpstream } from "./cgi-upstream.js";
import { faultCause } from "./faults.js";
import { findScript, type Absent } from "./find-script.js";
import type { Script } from "./script-path.js";
import { Spool } from "./spool.js";

/** Serves a request anew. */
export type Again = (client: Client, request: RequestHead) => void;

/** A request on its way to be ready for a backend: its script is looked for, its body gathered. */
export class Preparation implements Task {
  /** The client's body may follow. */
  isReady = false;
  private isOver = false;
  private script: Script | null = null;
  private spool: Spool | null = null;

  constructor(
    private readonly client: Client,
    private readonly request: RequestHead,
    private readonly site: ServedSite,
    private readonly again: Again,
  ) {}

  /** @param script as far as it is known */
  begin(
    upstream: CgiUpstream,
    path: string,
    script: Script | null,
    onAbsent: (absent: Absent) => void,
  ): void {
    if (script !== null) return this.found(script);
    const { client, site } = this;
    // So that no more are let go after a hold than the site has room for.
    site.inflight += 1;
    void findScript(upstream, path, client.context.clock.tick)
      .then(
        (found) => {
          if (this.isOver) return;
          client.guard(() => {
            if (typeof found === "object") return this.found(found);
            this.isOver = true;
            onAbsent(found);
          });
        },
        (error: unknown) => this.fall(error as Error, path),
      )
      .finally(() => site.ends(false));
  }

  /** A piece of the body, unframed. @returns false: no more before it was written */
  sendBody(given: Buffer, _tail: string, isLast: boolean, owned: boolean): boolean {
    const { spool } = this;
    if (spool === null || this.isOver) return true;
    const bytes = owned ? given : copyOf(given, 0, given.length);
    const fault = bytes.length === 0 ? null : spool.add(bytes);
    if (fault !== null) {
      this.fail(faultCause(fault));
      return true;
    }
    if (!isLast) return !spool.isFull;
    void spool.settled().then(
      () => this.done(),
      () => {},
    );
    return true;
  }

  fail(cause: Cause): void {
    if (this.isOver) return;
    this.abort();
    this.client.task = null;
    this.client.refuse(cause);
  }

  abort(): void {
    this.isOver = true;
    this.spool?.close();
  }

  clientDrained(): void {}

  sweep(): void {}

  private found(script: Script): void {
    this.script = script;
    const { client, request } = this;
    if (request.framing.kind !== "chunked") return this.done();
    this.spool = new Spool((error) => this.written(error));
    client.reader.body = new BodyReader(request.framing, { trailers: "drop", framing: "strip" });
    this.isReady = true;
    if (request.expectContinue) sendText(client.socket, CONTINUE_TEXT);
    // Whoever began it may still be reading: what was read ahead is at hand only after that.
    process.nextTick(() => {
      if (!this.isOver) client.guard(() => client.reader.bodyWanted());
    });
  }

  private written(error: Error | null): void {
    if (error !== null) this.fall(error, "a gathered body");
    else if (!this.isOver && this.spool?.isFull === false)
      this.client.guard(() => this.client.reader.bodyWanted());
  }

  private done(): void {
    if (this.isOver || this.script === null) return;
    const { client, request, script, spool } = this;
    this.isOver = true;
    client.task = null;
    client.prepared = { script, spool };
    client.guard(() => this.again(client, request));
  }

  private fall(error: Error, path: string): void {
    this.client.context.log.error("file-failed", { path, text: error.message });
    this.fail(causeOf("internal"));
  }
}
