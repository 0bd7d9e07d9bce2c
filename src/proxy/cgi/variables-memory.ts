import type { Forwarding } from "../wire/forwarding.js";
import type { CgiUpstream } from "./cgi-upstream.js";
import { fieldVariables, originVariables, type Origin } from "./variables.js";

/**
 * What the requests of one client's connection have in common, encoded once: where they come from and, most often, all
 * of their fields.
 */
export class VariablesMemory {
  private originText: string | null = null;
  private fields: string | null = null;
  private fieldsText = "";

  constructor(
    readonly upstream: CgiUpstream,
    /** Of a peer that is no trusted proxy: of such a one each request may come from another client. */
    readonly forwarding: Forwarding,
  ) {}

  origin(make: () => Origin): string {
    return (this.originText ??= originVariables(this.upstream, make()));
  }

  of(fields: string): string {
    if (fields !== this.fields) {
      this.fields = fields;
      this.fieldsText = fieldVariables(this.upstream, fields);
    }
    return this.fieldsText;
  }
}
