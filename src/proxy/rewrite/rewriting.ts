import type { HeaderRules, Rewrite } from "../../spec/types.js";
import type { RequestHead, ResponseHead } from "../wire/types.js";
import { mappedCookie } from "./cookie.js";
import { FieldEdit, type LineEdit } from "./field-edit.js";
import { locationMappingOf, mappedLocation } from "./location.js";

/** What a site changes in the heads that pass between clients and backends. The proxy's own answers are not touched. */
export class Rewriting {
  private readonly requests: FieldEdit | null;
  private readonly responses: FieldEdit | null;
  private readonly mapLine: LineEdit | undefined;

  constructor(rewrite: Rewrite) {
    const mapLine = lineMapping(rewrite);
    this.mapLine = mapLine;
    this.requests = hasRules(rewrite.request) ? new FieldEdit(rewrite.request) : null;
    this.responses =
      mapLine !== undefined || hasRules(rewrite.response) ? new FieldEdit(rewrite.response) : null;
  }

  /** As the backend is told it. */
  request(head: RequestHead): RequestHead {
    return this.requests === null ? head : { ...head, fields: this.requests.apply(head.fields) };
  }

  /** As the client is told it. */
  response(head: ResponseHead): ResponseHead {
    if (this.responses === null) return head;
    return { ...head, fields: this.responses.apply(head.fields, this.mapLine) };
  }

  interim(head: ResponseHead): ResponseHead {
    return this.responses === null ? head : { ...head, fields: this.responses.kept(head.fields) };
  }
}

/** @returns null: the site passes heads as they are */
export function rewritingOf(rewrite: Rewrite): Rewriting | null {
  const isNone =
    !hasRules(rewrite.request) && !hasRules(rewrite.response) && lineMapping(rewrite) === undefined;
  return isNone ? null : new Rewriting(rewrite);
}

function hasRules({ set, remove }: HeaderRules): boolean {
  return set.length > 0 || remove.length > 0;
}

function lineMapping({ location, cookieDomain, cookiePath }: Rewrite): LineEdit | undefined {
  const locations = location.map(locationMappingOf);
  const mapsCookies = cookieDomain.length > 0 || cookiePath.length > 0;
  if (locations.length === 0 && !mapsCookies) return undefined;
  return (name, line) => {
    if (name === "location" || name === "content-location")
      return edited(line, (value) => mappedLocation(locations, value));
    if (name === "set-cookie" && mapsCookies)
      return edited(line, (value) => mappedCookie(cookieDomain, cookiePath, value));
    return line;
  };
}

function edited(line: string, map: (value: string) => string): string {
  const colon = line.indexOf(":");
  const value = line.slice(colon + 1, -2).replace(/^[ \t]+|[ \t]+$/g, "");
  const mapped = map(value);
  return mapped === value ? line : `${line.slice(0, colon)}: ${mapped}\r\n`;
}
