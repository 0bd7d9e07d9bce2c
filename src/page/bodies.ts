import type { ModeValues, Site } from "../spec/types.js";
import { builtInHtml, templateHtml } from "./html.js";
import { pageValues, type PageValues } from "./values.js";

/** The bodies of the maintenance answer, UTF-8, by media type. */
export interface Bodies {
  /** By language, the one for whoever asks for none of them first; `language` is null where nobody knows it. */
  html: readonly { language: string | null; body: string }[];
  /** application/problem+json, RFC 9457; `generation` tells fence's own probe which switch it sees. */
  json: string;
  text: string;
}

export const MEDIA_TYPE: Readonly<Record<keyof Bodies, string>> = {
  html: "text/html; charset=utf-8",
  json: "application/problem+json",
  text: "text/plain; charset=utf-8",
};

/** The languages between which a client may choose; none when the page is HTML of the user's own. */
export function languagesOf(site: Site): readonly string[] {
  return site.maintenance.pageHtml === null ? site.maintenance.page.languages : [];
}

/** The fields by which a server chooses what to answer. */
export function varyOf(site: Site): string {
  const { corsOrigins } = site.maintenance;
  const isSpoken = languagesOf(site).length > 1;
  return [
    "Accept",
    ...(isSpoken ? ["Accept-Language"] : []),
    ...(corsOrigins.length > 0 ? ["Origin"] : []),
  ].join(", ");
}

/** The bodies of one site for one switch; the same bytes on every server. @throws PageError */
export function bodies(site: Site, values: ModeValues): Bodies {
  const { page, pageHtml } = site.maintenance;
  const [first = "en"] = page.languages;
  const spoken = pageValues(site, values, first);
  return {
    html:
      pageHtml === null
        ? page.languages.map((language) => ({ language, body: htmlOf(site, values, language) }))
        : [{ language: null, body: pageHtml }],
    json: jsonOf(site, values, spoken),
    text: textOf(values, spoken),
  };
}

/** The page in one language. @throws PageError */
export function htmlOf(site: Site, values: ModeValues, language: string): string {
  const { template } = site.maintenance.page;
  const filled = pageValues(site, values, language);
  return template === null ? builtInHtml(filled) : templateHtml(template, filled);
}

function jsonOf(
  site: Site,
  values: ModeValues,
  { title, until, statusUrl, reference, retryAfter }: PageValues,
) {
  const problem = {
    type: "about:blank",
    title: title.text,
    status: site.maintenance.status,
    detail: values.message || title.text,
    retryAfter,
    ...(until === null ? {} : { until }),
    ...(values.reason === "" ? {} : { reason: values.reason }),
    ...(statusUrl === null ? {} : { statusUrl }),
    reference,
    generation: values.generation,
  };
  return `${JSON.stringify(problem)}\n`;
}

function textOf(values: ModeValues, { title, until, statusUrl, contact }: PageValues): string {
  const lines = [
    title.text,
    values.message,
    values.reason && `Reason: ${values.reason}`,
    until && `Expected back: ${until}`,
    statusUrl && `Status: ${statusUrl}`,
    contact && `Contact: ${contact.text}`,
  ];
  return `${lines.filter(Boolean).join("\n")}\n`;
}
