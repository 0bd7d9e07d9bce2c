/** How a body is compressed, by its name in Content-Encoding. */
export type Coding = "br" | "gzip";

/** RFC 9110 section 12.4.2. */
const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/**
 * Which of the offered codings a client takes, the one it likes best first; of several that it likes as much, in the
 * order of the offer. RFC 9110 section 12.5.3; a client that says nothing of it may know none.
 * @param accept Accept-Encoding, lines joined; null: there is none
 */
export function codingsFor(accept: string | null, offered: readonly Coding[]): readonly Coding[] {
  if (accept === null) return NONE;
  const weights = new Map<string, number>();
  for (const element of accept.split(",")) {
    const [name = "", ...parameters] = element.split(";").map((part) => part.trim().toLowerCase());
    weights.set(name === "x-gzip" ? "gzip" : name, weightOf(parameters));
  }
  const plain = weights.get("identity") ?? 0;
  const weightOfCoding = (coding: Coding): number => weights.get(coding) ?? weights.get("*") ?? 0;
  return offered
    .filter((coding) => weightOfCoding(coding) > 0 && weightOfCoding(coding) >= plain)
    .sort((a, b) => weightOfCoding(b) - weightOfCoding(a));
}

const NONE: readonly Coding[] = [];

/** What is no weight is none: better sent plain than not understood. */
function weightOf(parameters: readonly string[]): number {
  const told = parameters.find((parameter) => /^q[ \t]*=/.test(parameter));
  if (told === undefined) return 1;
  const text = told.slice(told.indexOf("=") + 1).trim();
  return WEIGHT.test(text) ? Number(text) : 0;
}
