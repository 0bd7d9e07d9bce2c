import { contactOf } from "./page-checks.js";
import { DEFAULTS } from "./defaults.js";
import type { PageFacts } from "./page-types.js";
import type { RawSite } from "./schema.js";

/** What a site's page is made from that lies in files of their own, as read. */
export interface PageFiles {
  /** HTML, or a template; null: the spec names none. */
  page: { file: string; text: string } | null;
  /** A data: URL; null: none. */
  logo: string | null;
}

export const NO_FILES: PageFiles = { page: null, logo: null };

/** Whether a page is a Handlebars template, by its name. */
function isTemplate(file: string): boolean {
  return /\.(?:hbs|handlebars)$/i.test(file);
}

export function pageHtmlOf({ page }: PageFiles): string | null {
  return page === null || isTemplate(page.file) ? null : page.text;
}

export function buildPage(raw: NonNullable<RawSite["maintenance"]> = {}, files = NO_FILES): PageFacts {
  const { logo } = raw;
  // The heading says it all; only an image of a name needs the name.
  const alt = (typeof logo === "string" ? undefined : logo?.alt) ?? "";
  return {
    languages: raw.languages ?? DEFAULTS["site.maintenance.languages"].value,
    template: files.page !== null && isTemplate(files.page.file) ? files.page : null,
    logo: files.logo === null ? null : { src: files.logo, alt },
    statusUrl: raw.status_url ?? null,
    contact: raw.contact === undefined ? null : contactOf(raw.contact),
    texts: raw.text ?? {},
  };
}
