import type { Compress } from "../../spec/types.js";
import { codingsFor, type Coding } from "../wire/content-coding.js";
import { fieldValue } from "../wire/field-value.js";
import type { RequestHead, ResponseHead } from "../wire/types.js";

/** Without a body, or with one whose bytes were counted by the backend. */
const AS_IT_IS: ReadonlySet<number> = new Set([101, 204, 205, 206, 304]);
/** About the bytes as the backend has sent them. */
const TIED_TO_BYTES = ["content-range", "content-md5", "digest", "content-digest", "repr-digest"] as const;
const NO_TRANSFORM = /(?:^|,)[ \t]*no-transform[ \t]*(?:,|$)/i;

export interface Compressed {
  readonly head: ResponseHead;
  /** What its body has to go through; null: it goes as it is. */
  readonly coding: Coding | null;
}

/** Which answers of a site are compressed, and what their heads say then. */
export class Compression {
  constructor(private readonly rules: Compress) {}

  /** @param request as the client has sent it */
  of(request: RequestHead, head: ResponseHead): Compressed {
    if (!this.isFit(head)) return { head, coding: null };
    const { fields } = head;
    const varied = variesBy(fields, "accept-encoding") ? fields : `${fields}Vary: Accept-Encoding\r\n`;
    const accept = request.version === 11 ? fieldValue(request.fields, "accept-encoding") : null;
    const [coding = null] = codingsFor(accept, this.rules.encodings);
    if (coding === null || NO_TRANSFORM.test(fieldValue(request.fields, "cache-control") ?? ""))
      return { head: varied === fields ? head : { ...head, fields: varied }, coding: null };
    return {
      head: {
        ...head,
        fields: codedFields(varied) + `Content-Encoding: ${coding}\r\n`,
        // Of HEAD there is no body either way; else its length is not known before its end.
        framing: head.framing.kind === "none" ? head.framing : { kind: "chunked" },
        declaredLength: null,
      },
      coding,
    };
  }

  /** Whatever the client takes. */
  private isFit({ status, fields, declaredLength }: ResponseHead): boolean {
    if (AS_IT_IS.has(status)) return false;
    if (declaredLength !== null && declaredLength < Math.max(1, this.rules.minBytes)) return false;
    const coded = fieldValue(fields, "content-encoding");
    if (coded !== null && coded.toLowerCase() !== "identity") return false;
    if (!this.takesType(fieldValue(fields, "content-type"))) return false;
    if (NO_TRANSFORM.test(fieldValue(fields, "cache-control") ?? "")) return false;
    return TIED_TO_BYTES.every((name) => fieldValue(fields, name) === null);
  }

  private takesType(value: string | null): boolean {
    const type = (value ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
    const { types } = this.rules;
    if (types.includes(type)) return true;
    // An event must not wait for the next one; whoever names the type knows that its events go out at once here.
    return type !== "text/event-stream" && types.includes(`${type.split("/", 1)[0] ?? ""}/*`);
  }
}

function variesBy(fields: string, name: string): boolean {
  const names = (fieldValue(fields, "vary") ?? "").split(",").map((one) => one.trim().toLowerCase());
  return names.includes(name) || names.includes("*");
}

/**
 * The same content in other bytes: its tag is a weak one (RFC 9110 section 8.8.1), and there are no parts of it to be
 * had.
 */
function codedFields(fields: string): string {
  let kept = "";
  for (let start = 0; start < fields.length;) {
    const end = fields.indexOf("\r\n", start) + 2;
    const line = fields.slice(start, end);
    const name = line.slice(0, line.indexOf(":")).toLowerCase();
    if (name === "etag") kept += line.replace(/:[ \t]*"/, ': W/"');
    else if (name !== "accept-ranges" && name !== "content-encoding") kept += line;
    start = end;
  }
  return kept;
}
