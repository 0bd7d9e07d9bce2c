/** The languages that the built-in maintenance page speaks, as tags of BCP 47; without another wish the first. */
export const SHIPPED_LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "ja", "zh", "ar"] as const;

export type ShippedLanguage = (typeof SHIPPED_LANGUAGES)[number];

export function isShipped(tag: string): tag is ShippedLanguage {
  return (SHIPPED_LANGUAGES as readonly string[]).includes(tag);
}

/** What the built-in page says, in one language each; `[site.NAME.maintenance.text.LANGUAGE]` may say it otherwise. */
export const PAGE_TEXTS = [
  "title",
  "message",
  "why",
  "until",
  "late",
  "again",
  "unsaved",
  "watching",
  "back",
  "status",
  "contact",
  "reference",
] as const;

export type PageText = (typeof PAGE_TEXTS)[number];
