import { z } from "zod";
import { PAGE_TEXTS, type PageText } from "../base/languages.js";
import { LIMITS } from "./limits.js";
import * as check from "./page-checks.js";
import { list, named, path, str } from "./schema-parts.js";
import { nonEmpty } from "./value-checks.js";

const DESCRIPTIONS: Readonly<Record<PageText, string>> = {
  title: "heading",
  message: "what visitors are told, unless --message says otherwise",
  why: 'before the reason: "Reason"',
  until: 'before the expected end: "Expected back"',
  late: "in the place of an end that is past",
  again: "the link that asks once more",
  unsaved: "what became of a form that was sent",
  watching: "that the page reloads by itself",
  back: "that it does so now",
  status: "the link to status_url",
  contact: 'before the contact: "Contact"',
  reference: 'before the reference: "Reference"',
};

const texts = z.strictObject(
  Object.fromEntries(
    PAGE_TEXTS.map((key) => [key, str(DESCRIPTIONS[key], nonEmpty).optional()] as const),
  ) as Record<PageText, z.ZodOptional<ReturnType<typeof str>>>,
);

/** Keys of `[site.NAME.maintenance]` that are about the page. */
export const page = {
  page: path("your own page: HTML as it is, or a Handlebars template (.hbs); without it fence's").optional(),
  languages: list(
    str("a language tag", check.languageTag),
    LIMITS.languagesMax,
    "languages of the page, by Accept-Language; the first for whoever asks for none of them",
  )
    .min(1)
    .optional(),
  logo: z
    .union([
      path("an image above the heading"),
      z.strictObject({
        file: path("SVG, PNG, JPEG, WebP or GIF; it becomes part of the page"),
        alt: str("what it shows, for those who do not see it").optional(),
      }),
    ])
    .optional()
    .describe('an image above the heading: "logo.svg" or { file = "logo.svg", alt = "Example Ltd" }'),
  status_url: str("where the state of things is told: an http(s) URL", check.webUrl).optional(),
  contact: str("where help is: a mail address, or a URL of https, mailto or tel", check.contact).optional(),
  text: named(texts, "own texts of the page, by language").optional(),
};
