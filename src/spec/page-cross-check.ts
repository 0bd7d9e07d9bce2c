import { isShipped, PAGE_TEXTS, SHIPPED_LANGUAGES } from "../base/languages.js";
import { suggest } from "../base/suggest.js";
import type { Finding } from "./cross-check.js";
import { LIMITS } from "./limits.js";
import { languageTag } from "./page-checks.js";
import { entriesOf, itemsOf, valueAt } from "./raw.js";

/** What a site says of its page: each language once, and every text there is a place for. */
export function pageFindings(name: string, site: unknown): Finding[] {
  const path = ["site", name, "maintenance"];
  const maintenance = valueAt(site, ["maintenance"]);
  const languages = itemsOf<unknown>(valueAt(maintenance, ["languages"])).filter(isString);
  return [
    ...ownHtmlFindings(path, maintenance),
    ...languageFindings([...path, "languages"], languages, valueAt(maintenance, ["text"])),
    ...textFindings([...path, "text"], maintenance, languages),
  ];
}

/** HTML of the user's own is sent as it is. */
function ownHtmlFindings(path: readonly string[], maintenance: unknown): Finding[] {
  const page = valueAt(maintenance, ["page"]);
  if (typeof page !== "string" || /\.(?:hbs|handlebars)$/i.test(page)) return [];
  return ["languages", "logo", "text"].flatMap((key): Finding[] => {
    if (valueAt(maintenance, [key]) === undefined) return [];
    const message = `${key} means nothing beside a page of your own`;
    const why = `${page} is sent as it is; only a template (.hbs) is filled in`;
    return [
      { path: [...path, key], atKey: true, message, why, fix: "remove it, or make the page a template" },
    ];
  });
}

function languageFindings(path: readonly string[], languages: readonly string[], texts: unknown): Finding[] {
  const seen = new Set<string>();
  return languages.flatMap((tag, index): Finding[] => {
    const at = [...path, index];
    if (languageTag(tag) !== null) return [];
    const isTwice = seen.has(tag.toLowerCase());
    seen.add(tag.toLowerCase());
    if (isTwice)
      return [{ path: at, message: `language "${tag}" is named twice`, why: null, fix: "remove one" }];
    if (isShipped(tag)) return [];
    const missing = PAGE_TEXTS.filter((key) => valueAt(texts, [tag, key]) === undefined);
    if (missing.length === 0) return [];
    return [
      {
        path: at,
        message: `fence does not speak "${tag}": its texts lack ${missing.join(", ")}`,
        why: `the built-in page has texts for ${SHIPPED_LANGUAGES.join(", ")}`,
        fix: "add them to the table text, or leave the language out",
      },
    ];
  });
}

function textFindings(
  path: readonly string[],
  maintenance: unknown,
  languages: readonly string[],
): Finding[] {
  const tables = entriesOf(valueAt(maintenance, ["text"])).map(([tag]) => tag);
  const isDefault = valueAt(maintenance, ["languages"]) === undefined;
  const known: readonly string[] = isDefault ? SHIPPED_LANGUAGES : languages;
  const findings = tables.flatMap((tag): Finding[] => {
    if (known.includes(tag)) return [];
    const near = suggest(tag, known);
    const fix = near === null ? "add it to languages, or remove the table" : `did you mean "${near}"?`;
    const message = `"${tag}" is not one of the page's languages`;
    return [{ path: [...path, tag], atKey: true, message, why: null, fix }];
  });
  if (tables.length <= LIMITS.languagesMax) return findings;
  const message = `there are more than ${LIMITS.languagesMax} languages`;
  return [{ path, atKey: true, tooMany: true, message, why: null, fix: null }];
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}
