import type { CgiCodec } from "./codec.js";

/** Types of records, and roles and flags: FastCGI specification 1.0, section 8. */
export const RECORD = {
  begin: 1,
  end: 3,
  params: 4,
  stdin: 5,
  stdout: 6,
  stderr: 7,
  getValuesResult: 10,
  unknownType: 11,
} as const;

/** What one record can carry. */
export const RECORD_BYTES_MAX = 65_535;
export const RECORD_HEAD_BYTES = 8;
/** One request at a time on a connection: it always has this number. */
export const REQUEST_ID = 1;
const ROLE_RESPONDER = 1;
const KEEP_CONNECTION = 1;

/** The eight bytes before the content of a record of the one request; no padding is ever sent. */
export function recordHead(type: number, length: number): string {
  return String.fromCharCode(1, type, 0, REQUEST_ID, length >> 8, length & 255, 0, 0);
}

const BEGIN =
  recordHead(RECORD.begin, 8) + String.fromCharCode(0, ROLE_RESPONDER, KEEP_CONNECTION, 0, 0, 0, 0, 0);
const PARAMS_END = recordHead(RECORD.params, 0);

/** Ends the body of a request. */
export const STDIN_END = recordHead(RECORD.stdin, 0);

const SHORT = Array.from({ length: 128 }, (_, length) => String.fromCharCode(length));

/** Lengths below 128 take one byte, others four with the highest bit set: section 3.4. */
function lengthText(length: number): string {
  if (length < 128) return SHORT[length] as string;
  return String.fromCharCode(
    (length >>> 24) | 128,
    (length >>> 16) & 255,
    (length >>> 8) & 255,
    length & 255,
  );
}

/** The begin, the variables and, without a body, the end of the input. */
export const FASTCGI: CgiCodec = {
  pair: (name, value) => lengthText(name.length) + lengthText(value.length) + name + value,
  head(pairs, bodyBytes) {
    const end = bodyBytes === null || bodyBytes === 0 ? PARAMS_END + STDIN_END : PARAMS_END;
    if (pairs.length <= RECORD_BYTES_MAX)
      return BEGIN + recordHead(RECORD.params, pairs.length) + pairs + end;
    let text = BEGIN;
    for (let at = 0; at < pairs.length; at += RECORD_BYTES_MAX) {
      const piece = pairs.slice(at, at + RECORD_BYTES_MAX);
      text += recordHead(RECORD.params, piece.length) + piece;
    }
    return text + end;
  },
};
