import type { WireLimits } from "../limits.js";
import { WIRE_LIMITS } from "../limits.js";
import { CR, LF } from "./bytes.js";
import { NO_CONNECTION_OPTIONS, connectionOptions, withoutNominated } from "./connection.js";
import { type FieldSink, type Verdict, readFieldLines } from "./field-lines.js";
import { type FieldKind, REQUEST_NAMES } from "./field-names.js";
import { DeclaredFraming, NO_BODY } from "./framing.js";
import { type Host, parseHost } from "./host.js";
import { REQUEST_REFUSAL } from "./refusals.js";
import { type RequestLine, readRequestLine } from "./request-line.js";
import { type Scan, type Stop, openScan, valueText } from "./scan.js";
import type { ForwardedFields, Incomplete, Refusal, RequestHead, WebSocketUpgrade } from "./types.js";
import { isWebSocketKey } from "./websocket.js";

const RULES = { names: REQUEST_NAMES, countMax: WIRE_LIMITS.fieldCountMax, dropUnderscores: true };

const NOTHING_SENT: ForwardedFields = Object.freeze({
  xForwardedFor: "",
  xForwardedProto: "",
  xForwardedHost: "",
  xForwardedPort: "",
  forwarded: "",
});

/**
 * Reads one request head strictly (RFC 9110, RFC 9112), from `start`; an empty line before it is passed over.
 * Nothing is repaired: what two readers could take for different things is refused.
 * @returns "incomplete" when the head does not end before `end` and is right so far
 */
export function parseRequestHead(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: WireLimits = WIRE_LIMITS,
): RequestHead | Incomplete | Refusal {
  let first = start;
  for (let line = 0; line < limits.emptyLinesMax && bytes[first] === CR && first < end; line += 1) {
    if (first + 1 >= end) return "incomplete";
    if (bytes[first + 1] !== LF) return REQUEST_REFUSAL["bare-cr"];
    first += 2;
  }
  if (first >= end) return "incomplete";
  const scan = openScan(bytes, first, end, limits.headBytesMax);
  const head = readHead(scan, limits, first - start);
  if (typeof head !== "string") return head;
  if (head !== "truncated") return REQUEST_REFUSAL[head];
  return end - first >= limits.headBytesMax ? REQUEST_REFUSAL["head-too-large"] : "incomplete";
}

function readHead(scan: Scan, limits: WireLimits, before: number): RequestHead | Stop {
  const first = scan.at;
  const line = readRequestLine(scan, limits);
  if (typeof line === "string") return line;
  const sink = new RequestFields(limits);
  const lines = readFieldLines(
    scan,
    limits === WIRE_LIMITS ? RULES : { ...RULES, countMax: limits.fieldCountMax },
    sink,
  );
  return typeof lines === "string" ? lines : requestHead(line, sink, lines.kept, before + scan.at - first);
}

/** The checks that need the whole head. */
function requestHead(
  line: RequestLine,
  sink: RequestFields,
  kept: string,
  headBytes: number,
): RequestHead | Stop {
  const { version } = line;
  if (sink.host === null && version === 11) return "host-missing";
  const host = line.host ?? sink.host;
  const framing = sink.framing.framing(version) ?? NO_BODY;
  if (typeof framing === "string") return framing;
  const { close, keepAlive, nominated } = sink.connection;
  return {
    kind: "request",
    method: line.method,
    target: line.target,
    path: line.path,
    version,
    host: host === null ? "" : host.name,
    hostText: host === null ? "" : host.text,
    framing,
    keepAlive: !close && (version === 11 || keepAlive),
    // RFC 9110 section 10.1.1: not in HTTP/1.0
    expectContinue: sink.expectContinue && version === 11,
    upgrade: sink.upgradeText === "" || framing !== NO_BODY ? null : sink.upgrade(line),
    sent: sink.sent,
    fields: nominated === "" ? kept : withoutNominated(kept, nominated),
    headBytes,
  };
}

/** All kinds of REQUEST_NAMES. */
type RequestKind = Exclude<FieldKind, "accel-redirect" | "sendfile" | "websocket-accept">;
type CommonKind =
  "host" | "connection" | "content-length" | "transfer-encoding" | "drop" | "x-forwarded-other";

/** Takes the fields of one request that are not simply forwarded. */
class RequestFields implements FieldSink {
  host: Host | null = null;
  connection = NO_CONNECTION_OPTIONS;
  expectContinue = false;
  upgradeText = "";
  sent = NOTHING_SENT;
  readonly framing = new DeclaredFraming();
  private websocketKey = "";
  private websocketVersion = "";

  constructor(private readonly limits: WireLimits) {}

  take(kind: RequestKind, scan: Scan, start: number, end: number): Verdict {
    switch (kind) {
      case "host": {
        if (this.host !== null) return "host-repeated";
        this.host = parseHost(valueText(scan, start, end));
        return this.host === null ? "host" : "drop";
      }
      case "connection": {
        const options = connectionOptions(this.connection, valueText(scan, start, end));
        if (options === null) return "connection";
        this.connection = options;
        return "drop";
      }
      case "content-length":
        return this.framing.takeLength(scan, start, end, this.limits.contentLengthDigitsMax);
      case "transfer-encoding":
        return this.framing.takeEncoding(scan, start, end);
      case "drop":
      case "x-forwarded-other":
        return "drop";
      default:
        return this.takeRare(kind, valueText(scan, start, end));
    }
  }

  /** The handshake, when it is a complete one for websocket (RFC 6455 section 4.2.1); any other upgrade is ignored. */
  upgrade(line: RequestLine): WebSocketUpgrade | null {
    const asked =
      line.method === "GET" &&
      line.version === 11 &&
      line.target !== "*" &&
      this.connection.upgrade &&
      this.upgradeText.toLowerCase() === "websocket" &&
      this.websocketVersion === "13" &&
      isWebSocketKey(this.websocketKey);
    return asked ? { protocol: "websocket", key: this.websocketKey } : null;
  }

  private takeRare(kind: Exclude<RequestKind, CommonKind>, value: string): Verdict {
    switch (kind) {
      case "expect":
        if (value.toLowerCase() !== "100-continue") return "expectation";
        this.expectContinue = true;
        return "drop";
      case "upgrade":
        this.upgradeText = joined(this.upgradeText, value);
        return "drop";
      case "websocket-key":
        this.websocketKey = joined(this.websocketKey, value);
        return "keep";
      case "websocket-version":
        this.websocketVersion = joined(this.websocketVersion, value);
        return "keep";
      case "forwarded":
        return this.takeSent("forwarded", value);
      case "x-forwarded-for":
        return this.takeSent("xForwardedFor", value);
      case "x-forwarded-host":
        return this.takeSent("xForwardedHost", value);
      case "x-forwarded-port":
        return this.takeSent("xForwardedPort", value);
      case "x-forwarded-proto":
        return this.takeSent("xForwardedProto", value);
    }
  }

  private takeSent(name: keyof ForwardedFields, value: string): "drop" {
    this.sent = { ...this.sent, [name]: joined(this.sent[name], value) };
    return "drop";
  }
}

/** Lines of one name are one list: RFC 9110 section 5.3. */
function joined(before: string, value: string): string {
  return before === "" ? value : `${before}, ${value}`;
}
