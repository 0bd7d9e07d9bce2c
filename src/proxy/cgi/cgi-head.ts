import { WIRE_LIMITS } from "../limits.js";
import { COLON, CR, LF, SP, TAB, TOKEN, VALUE, latin1, spells } from "../wire/bytes.js";
import { type ConnectionOptions, NO_CONNECTION_OPTIONS } from "../wire/connection.js";
import { connectionOptions, withoutNominated } from "../wire/connection.js";
import { RESPONSE_NAMES, kindOf } from "../wire/field-names.js";
import type { CgiFault } from "./faults.js";

/** The head of a CGI answer (RFC 3875 section 6), read strictly. */
export interface CgiHead {
  /** 200..599 */
  readonly status: number;
  readonly reason: string;
  /** Content-Length as declared; null: there is none */
  readonly declaredLength: number | null;
  /** X-Sendfile or X-LIGHTTPD-send-file; "" when absent */
  readonly sendfile: string;
  /** X-Accel-Redirect; "" when absent */
  readonly accelRedirect: string;
  /** Field lines to forward, each with its CRLF: without Status, hop-by-hop, framing and those two. */
  readonly fields: string;
  readonly hasDate: boolean;
  readonly headBytes: number;
}

/**
 * Reads a head from `start`: lines end with CRLF or LF, and a status line may stand first, as uwsgi sends it. Bare CR,
 * continued lines and control characters are refused, so that no value becomes a second field.
 * @returns "incomplete" when the head does not end before `end` and is right so far
 */
export function parseCgiHead(
  bytes: Uint8Array,
  start: number,
  end: number,
): CgiHead | "incomplete" | CgiFault {
  const limit = Math.min(end, start + WIRE_LIMITS.headBytesMax);
  const reader = new HeadReader(bytes, start, limit);
  const outcome = reader.read();
  if (outcome !== "incomplete") return outcome;
  return end - start >= WIRE_LIMITS.headBytesMax ? "head-too-large" : "incomplete";
}

class HeadReader {
  private at: number;
  /** Where the lines begin that are kept and not yet taken. */
  private run: number;
  private status = 0;
  private reason = "";
  private hasStatusLine = false;
  private length = -1;
  private sendfile = "";
  private accelRedirect = "";
  private fields = "";
  private hasDate = false;
  private hasLocation = false;
  private hasCgiField = false;
  private connection: ConnectionOptions = NO_CONNECTION_OPTIONS;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly start: number,
    private readonly limit: number,
  ) {
    this.at = start;
    this.run = start;
  }

  read(): CgiHead | "incomplete" | CgiFault {
    const { bytes, limit } = this;
    for (let count = 0; this.at < limit; count += 1) {
      const byte = bytes[this.at];
      if (byte === LF) return this.finish(this.at + 1);
      if (byte === CR) {
        if (this.at + 1 >= limit) return "incomplete";
        return bytes[this.at + 1] === LF ? this.finish(this.at + 2) : "field-name";
      }
      if (count > WIRE_LIMITS.fieldCountMax) return "too-many-fields";
      const stop = this.readLine(count === 0);
      if (stop !== null) return stop;
    }
    return "incomplete";
  }

  private readLine(isFirst: boolean): CgiFault | "incomplete" | null {
    const { bytes, limit } = this;
    const nameStart = this.at;
    let at = nameStart;
    while (at < limit && TOKEN[bytes[at] as number] !== 0) at += 1;
    if (at >= limit) return "incomplete";
    const nameEnd = at;
    if (bytes[at] !== COLON || nameEnd === nameStart) {
      if (isFirst && bytes[at] === 0x2f) return this.readStatusLine();
      return bytes[nameStart] === SP || bytes[nameStart] === TAB ? "field-folded" : "field-name";
    }
    at += 1;
    while (at < limit && (bytes[at] === SP || bytes[at] === TAB)) at += 1;
    const valueStart = at;
    while (at < limit && VALUE[bytes[at] as number] === 1) at += 1;
    if (at >= limit) return "incomplete";
    let valueEnd = at;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === TAB))
      valueEnd -= 1;
    const next = this.lineEnd(at);
    if (typeof next !== "number") return next;
    this.at = next;
    const verdict = this.takeField(nameStart, nameEnd, valueStart, valueEnd);
    if (verdict === "keep") {
      if (bytes[at] === CR) return null;
      // Only CRLF ends a line for the client.
      this.flush(nameStart);
      this.fields += `${latin1(bytes, nameStart, at)}\r\n`;
    } else if (verdict !== "drop") return verdict;
    else this.flush(nameStart);
    this.run = next;
    return null;
  }

  /** Takes the kept lines before this offset. */
  private flush(end: number): void {
    if (this.run < end) this.fields += latin1(this.bytes, this.run, end);
  }

  /** @returns the offset behind the line end that stands here */
  private lineEnd(at: number): number | "incomplete" | CgiFault {
    const { bytes, limit } = this;
    if (bytes[at] === LF) return at + 1;
    if (bytes[at] !== CR) return "field-value";
    if (at + 1 >= limit) return "incomplete";
    return bytes[at + 1] === LF ? at + 2 : "field-value";
  }

  private readStatusLine(): CgiFault | "incomplete" | null {
    const { bytes, limit } = this;
    let at = this.at;
    while (at < limit && VALUE[bytes[at] as number] === 1) at += 1;
    if (at >= limit) return "incomplete";
    const match = /^HTTP\/1\.[01] ([2-5][0-9]{2})(?: (.*))?$/.exec(latin1(bytes, this.at, at));
    if (match === null) return "status-line";
    const next = this.lineEnd(at);
    if (typeof next !== "number") return next;
    this.at = next;
    this.status = Number(match[1]);
    this.reason = match[2] ?? "";
    this.hasStatusLine = true;
    this.run = next;
    return null;
  }

  private takeField(
    nameStart: number,
    nameEnd: number,
    start: number,
    end: number,
  ): "keep" | "drop" | CgiFault {
    const { bytes } = this;
    const kind = kindOf(RESPONSE_NAMES, bytes, nameStart, nameEnd - nameStart);
    switch (kind) {
      case null:
      case "websocket-accept":
        return this.takeCgiField(nameStart, nameEnd, start, end);
      case "content-length": {
        const text = latin1(bytes, start, end);
        if (this.length >= 0 || !/^[0-9]{1,15}$/.test(text)) return "length-field";
        this.length = Number(text);
        return "drop";
      }
      case "transfer-encoding":
        return "coding-field";
      case "connection": {
        const options = connectionOptions(this.connection, latin1(bytes, start, end));
        if (options === null) return "connection-field";
        this.connection = options;
        return "drop";
      }
      case "sendfile":
        this.sendfile = latin1(bytes, start, end);
        return "drop";
      case "accel-redirect":
        this.accelRedirect = latin1(bytes, start, end);
        return "drop";
      default:
        return "drop";
    }
  }

  private takeCgiField(
    nameStart: number,
    nameEnd: number,
    start: number,
    end: number,
  ): "keep" | "drop" | CgiFault {
    const { bytes } = this;
    switch (nameEnd - nameStart) {
      case 4:
        if (spells(bytes, nameStart, "date")) this.hasDate = true;
        break;
      case 6:
        if (spells(bytes, nameStart, "status")) return this.takeStatus(latin1(bytes, start, end));
        break;
      case 8:
        if (spells(bytes, nameStart, "location")) this.hasLocation = this.hasCgiField = true;
        break;
      case 12:
        if (spells(bytes, nameStart, "content-type")) this.hasCgiField = true;
    }
    return "keep";
  }

  /** RFC 3875 section 6.3.3; once, and not against a status line. */
  private takeStatus(value: string): "drop" | CgiFault {
    const match = /^([2-5][0-9]{2})(?: (.*))?$/.exec(value);
    if (match === null || (this.status !== 0 && !this.hasStatusLine)) return "status-field";
    const status = Number(match[1]);
    if (this.hasStatusLine && status !== this.status) return "status-field";
    this.status = status;
    this.reason = (match[2] ?? "").replace(/^[ \t]+/, "");
    this.hasStatusLine = false;
    this.hasCgiField = true;
    return "drop";
  }

  private finish(at: number): CgiHead | CgiFault {
    if (!this.hasCgiField && !this.hasStatusLine) return "cgi-field-missing";
    this.flush(this.at);
    const isRedirect = this.status === 0 && this.hasLocation;
    const { nominated } = this.connection;
    return {
      // RFC 3875 sections 6.2.3 and 6.2.4; a path alone is for the client to follow, too.
      status: this.status !== 0 ? this.status : isRedirect ? 302 : 200,
      reason: this.status !== 0 ? this.reason : isRedirect ? "Found" : "OK",
      declaredLength: this.length < 0 ? null : this.length,
      sendfile: this.sendfile,
      accelRedirect: this.accelRedirect,
      fields: nominated === "" ? this.fields : withoutNominated(this.fields, nominated),
      hasDate: this.hasDate,
      headBytes: at - this.start,
    };
  }
}
