import { languagesOf } from "../page/bodies.js";
import type { Site } from "../spec/types.js";
import { ident, type Ident } from "./ident.js";

type Values = Readonly<Record<string, unknown>>;

/** The different lists of languages that the sites have, each as `en,de`. */
function listsOf(sites: readonly Site[]): string[] {
  return [...new Set(sites.map((site) => languagesOf(site).join(",")).filter((list) => list !== ""))];
}

/** Variables of one list: which page file, and what Content-Language says. */
function nameOf(sites: readonly Site[], site: Site): Ident {
  return ident(`fence_language_${listsOf(sites).indexOf(languagesOf(site).join(","))}`);
}

/** Values of gate.http.conf: the choice between the languages of each list. `parameters`: what may stand before a q. */
export function languageMaps(sites: readonly Site[], parameters: string): Values[] {
  return listsOf(sites).map((list, index) => {
    const languages = list.split(",");
    // Of zh-Hant and zh the first must be tried first.
    const longestFirst = languages.map((tag) => tag.toLowerCase()).sort((a, b) => b.length - a.length);
    const tags = `(?:${longestFirst.join("|")})`;
    const rest = `(?:-[a-z0-9-]*)?${parameters}`;
    return {
      name: ident(`fence_language_${index}`),
      isChoice: languages.length > 1,
      range: `${tags}${rest}`,
      captured: `(?<fence_tag>${longestFirst.join("|")})${rest}`,
      first: languages[0] ?? "",
      languages: languages.map((language, place) => ({
        language,
        shown: ident(language),
        htmlTag: `html ${language.toLowerCase()}`,
        file: place === 0 ? "" : `.${language.toLowerCase()}`,
      })),
    };
  });
}

/** Values of gate.<site>.conf. */
export function languageValues(sites: readonly Site[], site: Site): Values {
  const count = languagesOf(site).length;
  return {
    isSpoken: count > 0,
    isChoice: count > 1,
    language: count > 0 ? nameOf(sites, site) : ident("fence_language"),
  };
}
