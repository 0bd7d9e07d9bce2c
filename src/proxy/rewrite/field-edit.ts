import type { HeaderRules } from "../../spec/types.js";
import { latin1Of } from "../answers/answer.js";
import { fieldLine } from "../wire/head-text.js";

/** What becomes of one field line. @returns the line to stand in its place, with its CRLF; "" for none */
export type LineEdit = (name: string, line: string) => string;

/** Rules of the spec on the field lines of one direction, made ready once. */
export class FieldEdit {
  /** Lower case: those that are taken out, and those that have another value. */
  private readonly gone: ReadonlySet<string>;
  private readonly set: string;

  constructor({ set, remove }: HeaderRules) {
    this.gone = new Set([...set.map(({ name }) => name), ...remove].map((name) => name.toLowerCase()));
    // White space around a value is no part of it: RFC 9110 section 5.5.
    this.set = set
      .map(({ name, value }) => fieldLine(name, latin1Of(value).replace(/^ +| +$/g, "")))
      .join("");
  }

  /** @param fields checked lines, each with its CRLF @param edit of the lines that stay */
  apply(fields: string, edit?: LineEdit): string {
    return this.kept(fields, edit) + this.set;
  }

  /** Without those that are taken out or set: what an interim answer may show. */
  kept(fields: string, edit?: LineEdit): string {
    const { gone } = this;
    if (gone.size === 0 && edit === undefined) return fields;
    let kept = "";
    for (let start = 0; start < fields.length;) {
      const end = fields.indexOf("\r\n", start) + 2;
      const name = fields.slice(start, fields.indexOf(":", start)).toLowerCase();
      if (!gone.has(name)) kept += edit?.(name, fields.slice(start, end)) ?? fields.slice(start, end);
      start = end;
    }
    return kept;
  }
}
