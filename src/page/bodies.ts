import type { ModeValues, Site } from "../spec/types.js";
import { builtInPage } from "./built-in.js";

/** The three bodies of the maintenance answer, UTF-8, by media type. */
export interface Bodies {
  html: string;
  /** application/problem+json, RFC 9457; `generation` tells fence's own probe which switch it sees. */
  json: string;
  text: string;
}

export const MEDIA_TYPE: Readonly<Record<keyof Bodies, string>> = {
  html: "text/html; charset=utf-8",
  json: "application/problem+json",
  text: "text/plain; charset=utf-8",
};

/** The bodies of one site for one switch; the same bytes on every server. */
export function bodies(site: Site, values: ModeValues): Bodies {
  const { title } = site.maintenance;
  const until = values.untilMs === null ? null : new Date(values.untilMs).toISOString();
  const detail = values.message || title;
  const problem = {
    type: "about:blank",
    title,
    status: site.maintenance.status,
    detail,
    retryAfter: values.leftSec ?? values.retryAfterSec,
    ...(until === null ? {} : { until }),
    ...(values.reason === "" ? {} : { reason: values.reason }),
    generation: values.generation,
  };
  const lines = [
    title,
    values.message,
    values.reason && `Reason: ${values.reason}`,
    until && `Expected back: ${until}`,
  ];
  return {
    html:
      site.maintenance.pageHtml ??
      builtInPage({ title, message: values.message, reason: values.reason, until }),
    json: `${JSON.stringify(problem)}\n`,
    text: `${lines.filter(Boolean).join("\n")}\n`,
  };
}
