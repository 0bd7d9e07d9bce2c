import { CR, LF, SP, TAB } from "./bytes.js";
import { isFieldValue, isToken } from "./bytes.js";
import type { RefusalReason } from "./refusals.js";

/**
 * Fields that may not come after the body (RFC 9110 section 6.5.1): framing, routing, trust, authentication, control
 * of the response and of its content. They are dropped.
 */
const NEVER_TRAILER =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|host|expect|forwarded|x-forwarded-.*|x-real-ip|via|proxy.*|authorization|www-authenticate|cookie|set-cookie|content-.*|cache-control|pragma|age|date|expires|location|retry-after|vary|warning|range|if-.*|max-forwards|x-sendfile|x-lighttpd-.*|x-accel-.*|access-control-.*|.*_.*)$/;

/** Reads the lines of a trailer section byte by byte, from its first byte to the empty line. */
export class TrailerReader {
  /** the lines that may be forwarded, each with its CRLF */
  kept = "";
  private line = "";
  private count = 0;
  private size = 0;

  constructor(
    private readonly bytesMax: number,
    private readonly countMax: number,
  ) {}

  /** @returns "end" after the empty line, "more", or why the section is refused */
  take(byte: number): "end" | "more" | RefusalReason {
    this.size += 1;
    if (this.size > this.bytesMax) return "trailer-too-large";
    const afterCr = this.line.endsWith("\r");
    if (byte === LF) return afterCr ? this.takeLine() : "bare-lf";
    if (afterCr) return "bare-cr";
    if (this.line === "" && (byte === SP || byte === TAB)) return "obs-fold";
    if (byte !== CR && byte !== TAB && (byte < SP || byte === 0x7f)) return "trailer";
    this.line += String.fromCharCode(byte);
    return "more";
  }

  private takeLine(): "end" | "more" | RefusalReason {
    const line = this.line.slice(0, -1);
    this.line = "";
    if (line === "") return "end";
    this.count += 1;
    if (this.count > this.countMax) return "trailer-too-large";
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    if (!isToken(name) || !isFieldValue(value)) return "trailer";
    if (!NEVER_TRAILER.test(name.toLowerCase())) this.kept += `${name}: ${value}\r\n`;
    return "more";
  }
}
