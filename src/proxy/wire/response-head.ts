import type { WireLimits } from "../limits.js";
import { WIRE_LIMITS } from "../limits.js";
import { CR, LF, SP, VALUE } from "./bytes.js";
import { NO_CONNECTION_OPTIONS, connectionOptions, withoutNominated } from "./connection.js";
import { type FieldSink, type Verdict, readFieldLines } from "./field-lines.js";
import { type FieldKind, RESPONSE_NAMES } from "./field-names.js";
import { DeclaredFraming, NO_BODY, UNTIL_CLOSE } from "./framing.js";
import { RESPONSE_REFUSAL } from "./refusals.js";
import { type Scan, type Stop, openScan, slice, stopAt, stopAtLineEnd, valueText } from "./scan.js";
import type { Incomplete, Refusal, ResponseHead, Version, WebSocketUpgrade } from "./types.js";
import { acceptsWebSocket } from "./websocket.js";

const RULES = { names: RESPONSE_NAMES, countMax: WIRE_LIMITS.fieldCountMax, dropUnderscores: false };

/** What of the request decides how its response is read; a RequestHead will do. */
export interface Asked {
  readonly method: string;
  readonly upgrade: WebSocketUpgrade | null;
}

interface StatusLine {
  readonly version: Version;
  readonly status: number;
  readonly reason: string;
}

/**
 * Reads one response head strictly, from `start`. Every refusal is a 502.
 * An interim head (`interim`) is followed by another one.
 */
export function parseResponseHead(
  bytes: Uint8Array,
  start: number,
  end: number,
  asked: Asked,
  limits: WireLimits = WIRE_LIMITS,
): ResponseHead | Incomplete | Refusal {
  if (start >= end) return "incomplete";
  const scan = openScan(bytes, start, end, limits.headBytesMax);
  const head = readHead(scan, asked, limits);
  if (typeof head !== "string") return head;
  if (head !== "truncated") return RESPONSE_REFUSAL[head];
  return end - start >= limits.headBytesMax ? RESPONSE_REFUSAL["head-too-large"] : "incomplete";
}

function readHead(scan: Scan, asked: Asked, limits: WireLimits): ResponseHead | Stop {
  const first = scan.at;
  const line = readStatusLine(scan);
  if (typeof line === "string") return line;
  const sink = new ResponseFields(limits);
  const lines = readFieldLines(
    scan,
    limits === WIRE_LIMITS ? RULES : { ...RULES, countMax: limits.fieldCountMax },
    sink,
  );
  return typeof lines === "string" ? lines : responseHead(line, sink, lines.kept, scan.at - first, asked);
}

const VERSION = "HTTP/1.";

/** Reads `HTTP/1.x SP status [SP reason] CRLF`; the space before an empty reason is often forgotten. */
function readStatusLine(scan: Scan): StatusLine | Stop {
  const { bytes, at: start } = scan;
  for (let index = 0; index < VERSION.length; index += 1)
    if (bytes[start + index] !== VERSION.charCodeAt(index))
      return stopAt(scan, start + index, "version-malformed");
  const minor = (bytes[start + 7] as number) - 48;
  if (minor !== 0 && minor !== 1) return stopAt(scan, start + 7, "version-unsupported");
  if (bytes[start + 8] !== SP) return stopAt(scan, start + 8, "version-malformed");
  let status = 0;
  for (let at = start + 9; at < start + 12; at += 1) {
    const digit = (bytes[at] as number) - 48;
    if (!(digit >= 0 && digit <= 9)) return stopAt(scan, at, "status-malformed");
    status = status * 10 + digit;
  }
  if (status < 100 || status > 599) return "status-malformed";
  let at = start + 12;
  if (bytes[at] !== CR && bytes[at] !== SP) return stopAtLineEnd(scan, at, "status-malformed");
  while (VALUE[bytes[at] as number] === 1) at += 1;
  if (bytes[at] !== CR || bytes[at + 1] !== LF) return stopAtLineEnd(scan, at, "reason-phrase");
  scan.at = at + 2;
  const reason = at > start + 13 ? slice(scan, start + 13, at) : "";
  return { version: minor === 1 ? 11 : 10, status, reason };
}

/** The checks that need the whole head; framing by RFC 9112 section 6.3. */
function responseHead(
  line: StatusLine,
  sink: ResponseFields,
  kept: string,
  headBytes: number,
  asked: Asked,
): ResponseHead | Stop {
  const { version, status, reason } = line;
  const declared = sink.framing.framing(version) ?? UNTIL_CLOSE;
  if (typeof declared === "string") return declared;
  const upgraded = status === 101;
  if (upgraded) {
    if (asked.upgrade === null) return "switch-not-asked";
    if (!sink.switches(asked.upgrade, version)) return "switch-mismatch";
  }
  const bodiless = asked.method === "HEAD" || status < 200 || status === 204 || status === 304;
  const framing = bodiless ? NO_BODY : declared;
  const { close, keepAlive, nominated } = sink.connection;
  return {
    kind: "response",
    status,
    reason,
    version,
    interim: status < 200 && !upgraded,
    upgraded,
    framing,
    declaredLength: declared.kind === "length" ? declared.length : null,
    keepAlive: !close && framing.kind !== "until-close" && (version === 11 || keepAlive),
    sendfile: sink.sendfile,
    accelRedirect: sink.accelRedirect,
    fields: nominated === "" ? kept : withoutNominated(kept, nominated),
    headBytes,
  };
}

/** Takes the fields of one response that are not simply forwarded. */
class ResponseFields implements FieldSink {
  connection = NO_CONNECTION_OPTIONS;
  sendfile = "";
  accelRedirect = "";
  readonly framing = new DeclaredFraming();
  private upgradeText = "";
  private accept = "";

  constructor(private readonly limits: WireLimits) {}

  take(kind: FieldKind, scan: Scan, start: number, end: number): Verdict {
    switch (kind) {
      case "content-length":
        return this.framing.takeLength(scan, start, end, this.limits.contentLengthDigitsMax);
      case "transfer-encoding": {
        return this.framing.takeEncoding(scan, start, end);
      }
      case "connection": {
        const options = connectionOptions(this.connection, valueText(scan, start, end));
        if (options === null) return "connection";
        this.connection = options;
        return "drop";
      }
      case "upgrade":
        this.upgradeText += valueText(scan, start, end);
        return "drop";
      case "websocket-accept":
        this.accept += valueText(scan, start, end);
        return "keep";
      case "sendfile":
        this.sendfile = valueText(scan, start, end);
        return "drop";
      case "accel-redirect":
        this.accelRedirect = valueText(scan, start, end);
        return "drop";
      default:
        return "drop";
    }
  }

  /** Does 101 switch to what was asked for (RFC 6455 section 4.1)? */
  switches(upgrade: WebSocketUpgrade, version: Version): boolean {
    return (
      version === 11 &&
      this.connection.upgrade &&
      this.upgradeText.toLowerCase() === upgrade.protocol &&
      acceptsWebSocket(upgrade.key, this.accept)
    );
  }
}
