import type { PageText } from "../base/languages.js";

/** What the maintenance page is made of, besides what a switch says. */
export interface PageFacts {
  /** Tags of BCP 47 as the spec writes them, at least one; clients that ask for none of them get the first. */
  languages: readonly string[];
  /** The user's own Handlebars template, as read; null: there is none. */
  template: { file: string; text: string } | null;
  /** An image as a data: URL; null: none. */
  logo: { src: string; alt: string } | null;
  statusUrl: string | null;
  /** Where help is, and the URL of it; null: nowhere. */
  contact: { text: string; href: string } | null;
  /** By language; what is left out, the page's own text says. */
  texts: Readonly<Record<string, { [Key in PageText]?: string | undefined }>>;
}
