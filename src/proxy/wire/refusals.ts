import type { Refusal } from "./types.js";

/** Statuses a refused message is answered with. */
export type RefusalStatus = 400 | 414 | 417 | 431 | 501 | 502 | 505;

/** Every reason to refuse bytes: the status for a request (a response is always a 502), and a sentence. */
const REASONS = {
  method: [400, "the method is not a token"],
  "method-too-long": [501, "the method is longer than any that is known"],
  "method-not-relayed": [501, "CONNECT and TRACE are not relayed"],
  target: [400, "the request target has a character that may not stand there"],
  "target-form": [400, "the request target is neither a path nor an absolute http URL, nor * for OPTIONS"],
  "target-too-long": [414, "the request target is too long"],
  "target-userinfo": [400, "the request target carries user information"],
  "path-encoding": [400, "the path has a percent sign without two hexadecimal digits"],
  "path-nul": [400, "the path has an encoded NUL"],
  "path-above-root": [400, "the path climbs above the root"],
  "version-malformed": [400, "the line does not carry a version as HTTP/1.1"],
  "version-unsupported": [505, "only HTTP/1.0 and HTTP/1.1 are spoken"],
  "status-malformed": [502, "the status line does not have three digits from 100 to 599"],
  "reason-phrase": [502, "the reason phrase has a control character"],
  "bare-lf": [400, "a line ends with LF alone"],
  "bare-cr": [400, "CR without LF"],
  "obs-fold": [400, "a field is continued on a second line"],
  "field-name": [400, "a field name is not a token directly before its colon"],
  "field-value": [400, "a field value has a control character"],
  "too-many-fields": [431, "the head has too many fields"],
  "head-too-large": [431, "the head is too large"],
  "host-missing": [400, "HTTP/1.1 without Host"],
  "host-repeated": [400, "more than one Host"],
  host: [400, "Host is not a host name or address with an optional port"],
  "length-malformed": [400, "Content-Length is not 1 to 15 digits"],
  "length-repeated": [400, "more than one Content-Length"],
  "length-and-chunked": [400, "both Content-Length and Transfer-Encoding"],
  "transfer-encoding-malformed": [400, "Transfer-Encoding is not exactly one chunked"],
  "transfer-encoding-unknown": [501, "a transfer coding that is not known"],
  "transfer-encoding-in-1.0": [400, "Transfer-Encoding in HTTP/1.0"],
  connection: [400, "Connection is not a list of tokens"],
  expectation: [417, "an expectation other than 100-continue"],
  "switch-not-asked": [502, "101 though no upgrade was asked for"],
  "switch-mismatch": [502, "101 that does not match the upgrade that was asked for"],
  "chunk-size": [400, "a chunk size is not 1 to 15 hexadecimal digits and CRLF"],
  "chunk-size-too-large": [400, "a chunk size that is not exact"],
  "chunk-end": [400, "chunk data does not end with CRLF where its size says"],
  "chunk-extension": [400, "a chunk extension is malformed"],
  "chunk-extension-too-long": [400, "chunk extensions are too long"],
  trailer: [400, "a trailer field is malformed"],
  "trailer-too-large": [431, "the trailer section is too large"],
} as const satisfies Record<string, readonly [RefusalStatus, string]>;

export type RefusalReason = keyof typeof REASONS;

export const REFUSAL_REASONS = Object.keys(REASONS) as RefusalReason[];

type Table = Readonly<Record<RefusalReason, Refusal>>;

/** One object a reason: refusing allocates nothing. */
function table(statusOf: (reason: RefusalReason) => RefusalStatus): Table {
  return Object.freeze(
    Object.fromEntries(
      REFUSAL_REASONS.map((reason) => [
        reason,
        Object.freeze({ kind: "refusal", status: statusOf(reason), reason, text: REASONS[reason][1] }),
      ]),
    ),
  ) as Table;
}

/** What to answer to a request that was refused. */
export const REQUEST_REFUSAL = table((reason) => REASONS[reason][0]);

/** What to answer when the backend's response was refused. */
export const RESPONSE_REFUSAL = table(() => 502);
