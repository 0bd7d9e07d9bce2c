import { PAGE_TEXTS, type PageText } from "../base/languages.js";
import type { ModeValues, Site } from "../spec/types.js";
import { directionOf, phrasesOf } from "./phrases.js";

/** A text, and the language it is in when that is not the page's. */
interface Spoken {
  text: string;
  lang: string | null;
  dir: "ltr" | "rtl";
}

/** What a page is filled with; templates of the user's own have the same. */
export interface PageValues {
  lang: string;
  dir: "ltr" | "rtl";
  site: string;
  title: Spoken;
  message: Spoken;
  reason: Spoken;
  /** ISO 8601, UTC; null: not known. */
  until: string | null;
  /** `2026-11-25 14:30 UTC`. */
  untilText: string | null;
  statusUrl: string | null;
  contact: { text: string; href: string } | null;
  logo: { src: string; alt: string } | null;
  /** The marker header, by which a script tells the maintenance answer from the site's own. */
  header: string;
  retryAfter: number;
  /** Names the switch: `fence history` has it. */
  reference: string;
  text: Readonly<Record<PageText, string>>;
}

export function pageValues(site: Site, values: ModeValues, lang: string): PageValues {
  const { page, title, header, message: specMessage } = site.maintenance;
  const own = page.texts[lang] ?? {};
  const phrases = phrasesOf(lang);
  const text = Object.fromEntries(PAGE_TEXTS.map((key) => [key, own[key] ?? phrases[key]])) as Record<
    PageText,
    string
  >;
  const here = (words: string): Spoken => ({ text: words, lang: null, dir: directionOf(lang) });
  // What is said once for all languages is said in the first of them.
  const [first = lang] = page.languages;
  const once = (words: string): Spoken =>
    first === lang ? here(words) : { text: words, lang: first, dir: directionOf(first) };
  // A message of the moment goes before what the spec has for each language.
  const said = values.message === specMessage && own.message !== undefined ? "" : values.message;
  const until = values.untilMs === null ? null : new Date(values.untilMs).toISOString();
  return {
    lang,
    dir: directionOf(lang),
    site: site.name,
    title: title === null || own.title !== undefined ? here(text.title) : once(title),
    message: said === "" ? here(text.message) : once(said),
    reason: once(values.reason),
    until,
    untilText: until && `${until.replace("T", " ").slice(0, 16)} UTC`,
    statusUrl: page.statusUrl,
    contact: page.contact,
    logo: page.logo,
    header,
    retryAfter: values.leftSec ?? values.retryAfterSec,
    reference: `${site.name}-${values.generation}`,
    text,
  };
}
