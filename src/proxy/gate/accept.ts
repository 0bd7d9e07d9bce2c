/** Which of the three bodies of an answer a client gets. */
export type BodyKind = "html" | "json" | "text";

const RANGE = /^\s*([^\s;,]+)\s*(;[^]*)?$/;
const QUALITY = /;\s*q\s*=\s*([^\s;]*)/i;
/** As nginx reads it: three digits count, anything of another form counts as not named. */
const QUALITY_VALUE = /^(?:(1)(?:\.0*)?|0?\.(\d{1,3})\d*|0\.?)$/;

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

/** Thousandths. */
function qualityOf(parameters: string): number {
  const text = QUALITY.exec(parameters)?.[1];
  if (text === undefined) return 1000;
  const match = QUALITY_VALUE.exec(text);
  if (match === null) return 0;
  return match[1] === "1" ? 1000 : Number((match[2] ?? "").padEnd(3, "0"));
}
