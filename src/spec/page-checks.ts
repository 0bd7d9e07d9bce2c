import type { Check } from "./value-checks.js";

/** A language, perhaps with a script or a region: `de`, `pt-BR`, `zh-Hant` (BCP 47). */
export const languageTag: Check = (value) =>
  /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}$/.test(value)
    ? null
    : {
        message: `"${value}" is not a language tag`,
        why: "it is compared with Accept-Language and becomes part of file names",
        fix: 'write it like "de", "pt-BR" or "zh-Hant"',
      };

export const webUrl: Check = (value) =>
  isUrl(value, /^https?:$/)
    ? null
    : { message: `"${value}" is not an http or https URL`, fix: 'write "https://status.example.com"' };

const MAIL = /^[^\s@<>"'(),:;[\]\\]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+$/;

export const contact: Check = (value) =>
  MAIL.test(value) || isUrl(value, /^(?:https?|mailto|tel):$/)
    ? null
    : {
        message: `"${value}" is neither a mail address nor a URL`,
        why: "the page makes a link of it",
        fix: 'write "help@example.com", "https://example.com/help" or "tel:+441234567"',
      };

/** A checked contact, as a person reads it and as a link has it. */
export function contactOf(value: string): { text: string; href: string } {
  if (MAIL.test(value)) return { text: value, href: `mailto:${value}` };
  return { text: value.replace(/^(?:mailto:|tel:|https?:\/\/)/i, "").replace(/\/$/, ""), href: value };
}

/** Written as browsers take it: no blanks, nothing that needs an escape. */
function isUrl(value: string, protocols: RegExp): boolean {
  return /^[\x21-\x7e]+$/.test(value) && URL.canParse(value) && protocols.test(new URL(value).protocol);
}
