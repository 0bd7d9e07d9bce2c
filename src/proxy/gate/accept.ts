import { qualityOf } from "./quality.js";

/** Which of the three bodies of an answer a client gets. */
export type BodyKind = "html" | "json" | "text";

const RANGE = /^\s*([^\s;,]+)\s*(;[^]*)?$/;

/**
 * The rule that all servers share: JSON when it is named with a greater q than HTML; text when it is named, HTML is not
 * and no wildcard would take HTML; else HTML. Wildcards never count as named.
 *
 * @param accept all Accept lines joined with ","; "" when there is none
 */
export function preferredBody(accept: string): BodyKind {
  if (accept === "" || accept === "*/*") return "html";
  let json = 0;
  let html = 0;
  let text = 0;
  let any = 0;
  for (const element of accept.split(",")) {
    const match = RANGE.exec(element);
    if (match === null) continue;
    const type = (match[1] ?? "").toLowerCase();
    const quality = qualityOf(match[2] ?? "");
    if (type === "application/json" || /^[^/]+\/[^/]*\+json$/.test(type)) json = Math.max(json, quality);
    if (type === "text/html" || type === "application/xhtml+xml") html = Math.max(html, quality);
    if (type === "text/plain") text = Math.max(text, quality);
    if (type === "*/*" || type === "text/*") any = Math.max(any, quality);
  }
  if (json > 0 && json > html) return "json";
  return text > 0 && html === 0 && any === 0 ? "text" : "html";
}

/** Browsers send few different ones. Longer ones are not worth the memory. */
const REMEMBERED_MAX = 128;
const REMEMBERED_LENGTH_MAX = 512;
const remembered = new Map<string, BodyKind>();

/** preferredBody() by memory. */
export function rememberedBody(accept: string): BodyKind {
  const known = remembered.get(accept);
  if (known !== undefined) return known;
  const kind = preferredBody(accept);
  if (remembered.size >= REMEMBERED_MAX) remembered.clear();
  if (accept.length <= REMEMBERED_LENGTH_MAX) remembered.set(accept, kind);
  return kind;
}
