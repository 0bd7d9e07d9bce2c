/**
 * The value of one field among field lines as the parsers give them; lines of one name are joined with ", ".
 * For the few that only some requests need (Accept, Origin, Cookie): the parsers do not look at them.
 * @param name in lower case
 * @returns null when there is no such field
 */
export function fieldValue(fields: string, name: string): string | null {
  const { length } = name;
  const first = name.charCodeAt(0);
  let found: string | null = null;
  for (let start = 0; start < fields.length;) {
    const end = lineEnd(fields, start);
    if (
      fields.charCodeAt(start + length) === 0x3a &&
      (fields.charCodeAt(start) | 32) === first &&
      fields.slice(start, start + length).toLowerCase() === name
    ) {
      const value = fields.slice(start + length + 1, end).replace(/^[ \t]+|[ \t]+$/g, "");
      found = found === null ? value : `${found}, ${value}`;
    }
    start = end + 2;
  }
  return found;
}

/** Is there a field that makes a request for a file conditional, or asks for a part of it (RFC 9110 sections 13.1, 14.2)? */
export function hasConditions(fields: string): boolean {
  for (let start = 0; start < fields.length; start = lineEnd(fields, start) + 2) {
    const first = fields.charCodeAt(start) | 32;
    if (first === 0x69 && fields.charCodeAt(start + 2) === 0x2d) return true;
    if (first === 0x72 && fields.charCodeAt(start + 5) === 0x3a) return true;
  }
  return false;
}

function lineEnd(fields: string, start: number): number {
  const end = fields.indexOf("\r\n", start);
  return end === -1 ? fields.length : end;
}
