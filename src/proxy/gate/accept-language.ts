import { qualityOf } from "./quality.js";

/** Takes all Accept-Language lines of a request, joined with ","; gives the index of a language. */
export type ChooseLanguage = (acceptLanguage: string) => number;

/** Clients say few different things. Longer ones are not worth the memory. */
const REMEMBERED_MAX = 128;
const REMEMBERED_LENGTH_MAX = 512;

const RANGE = /^\s*([A-Za-z0-9-]+)\s*(;[^]*)?$/;

/**
 * The rule that all servers share: of the ranges that name a language there is, the one with the greatest q; of equal
 * ones the first. A range names a language that it equals, or of which it is a closer description: `de-AT` names `de`
 * (RFC 4647, 3.4). Without any the first language; `*` names none.
 */
export function chooserOf(languages: readonly string[]): ChooseLanguage {
  const indexes = new Map(languages.map((tag, index) => [tag.toLowerCase(), index]));
  const remembered = new Map<string, number>();
  return (acceptLanguage) => {
    const known = remembered.get(acceptLanguage);
    if (known !== undefined) return known;
    const index = choose(indexes, acceptLanguage);
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    if (acceptLanguage.length <= REMEMBERED_LENGTH_MAX) remembered.set(acceptLanguage, index);
    return index;
  };
}

function choose(indexes: ReadonlyMap<string, number>, acceptLanguage: string): number {
  let best = 0;
  let bestQuality = 0;
  for (const element of acceptLanguage.split(",")) {
    const match = RANGE.exec(element);
    if (match === null) continue;
    const index = lookUp(indexes, (match[1] ?? "").toLowerCase());
    if (index === undefined) continue;
    const quality = qualityOf(match[2] ?? "");
    if (quality <= bestQuality) continue;
    best = index;
    bestQuality = quality;
  }
  return best;
}

function lookUp(indexes: ReadonlyMap<string, number>, range: string): number | undefined {
  for (let tag = range; tag !== ""; tag = tag.slice(0, Math.max(0, tag.lastIndexOf("-")))) {
    const index = indexes.get(tag);
    if (index !== undefined) return index;
  }
  return undefined;
}
