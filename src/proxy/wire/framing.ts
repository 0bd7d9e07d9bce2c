import type { RefusalReason } from "./refusals.js";
import { type Scan, valueText } from "./scan.js";
import type { RequestFraming, Version } from "./types.js";

export const NO_BODY: RequestFraming = Object.freeze({ kind: "none" });
const CHUNKED: RequestFraming = Object.freeze({ kind: "chunked" });
export const UNTIL_CLOSE = Object.freeze({ kind: "until-close" } as const);

/** What the framing fields of one head say; the two never stand together. */
export class DeclaredFraming {
  /** -1 = no Content-Length */
  length = -1;
  chunked = false;

  /** One Content-Length line. Its value is taken as digits and nothing else: no sign, no list, no second line. */
  takeLength(scan: Scan, start: number, end: number, digitsMax: number): "drop" | RefusalReason {
    if (this.length >= 0) return "length-repeated";
    const text = valueText(scan, start, end);
    if (text === "" || text.length > digitsMax) return "length-malformed";
    let length = 0;
    for (let at = 0; at < text.length; at += 1) {
      const digit = text.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) return "length-malformed";
      length = length * 10 + digit;
    }
    this.length = length;
    return this.chunked ? "length-and-chunked" : "drop";
  }

  /** One Transfer-Encoding line: exactly `chunked`, once. */
  takeEncoding(scan: Scan, start: number, end: number): "drop" | RefusalReason {
    if (this.length >= 0) return "length-and-chunked";
    if (this.chunked) return "transfer-encoding-malformed";
    const text = valueText(scan, start, end).toLowerCase();
    if (text !== "chunked")
      return text === "" || text.includes("chunked")
        ? "transfer-encoding-malformed"
        : "transfer-encoding-unknown";
    this.chunked = true;
    return "drop";
  }

  /** Framing of a body that may be there; null = neither field came. */
  framing(version: Version): RequestFraming | RefusalReason | null {
    if (this.chunked) return version === 11 ? CHUNKED : "transfer-encoding-in-1.0";
    return this.length < 0 ? null : { kind: "length", length: this.length };
  }
}
