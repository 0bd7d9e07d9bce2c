/**
 * A string that may stand bare in any config language: names that the spec has validated, variable names, digests.
 * Everything else reaches a template only through an encoder helper (see render/templates.ts).
 */
export class Ident {
  constructor(readonly value: string) {}

  toString(): string {
    return this.value;
  }
}

/** @throws Error when the text is not made of letters, digits, `_`, `.`, `-` alone; a programming error, never user input. */
export function ident(value: string): Ident {
  if (!/^[A-Za-z0-9_.-]+$/.test(value)) throw new Error(`not an identifier: ${JSON.stringify(value)}`);
  return new Ident(value);
}
