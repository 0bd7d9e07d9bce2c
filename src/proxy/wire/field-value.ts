/**
 * The value of one field among field lines as the parsers give them; lines of one name are joined with ", ".
 * For the few that only some requests need (Accept, Origin, Cookie): the parsers do not look at them.
 * @param name in lower case
 * @returns null when there is no such field
 */
export function fieldValue(fields: string, name: string): string | null {
  let found: string | null = null;
  for (let start = 0; start < fields.length;) {
    const end = fields.indexOf("\r\n", start);
    if (fields.charCodeAt(start + name.length) === 0x3a && named(fields, start, name)) {
      const value = fields.slice(start + name.length + 1, end).replace(/^[ \t]+|[ \t]+$/g, "");
      found = found === null ? value : `${found}, ${value}`;
    }
    start = end + 2;
  }
  return found;
}

function named(fields: string, start: number, name: string): boolean {
  if ((fields.charCodeAt(start) | 32) !== name.charCodeAt(0)) return false;
  return fields.slice(start, start + name.length).toLowerCase() === name;
}
