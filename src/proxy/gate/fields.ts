/**
 * The value of a field in checked field lines (`Name: value\r\n` each); several lines are joined with ", ".
 * @param name in lower case
 * @returns null when there is none
 */
export function fieldOf(fields: string, name: string): string | null {
  let found: string | null = null;
  for (let start = 0; start < fields.length;) {
    const end = fields.indexOf("\r\n", start);
    const stop = end === -1 ? fields.length : end;
    if (
      fields.charCodeAt(start + name.length) === 58 &&
      fields.slice(start, start + name.length).toLowerCase() === name
    ) {
      const value = fields.slice(start + name.length + 1, stop).trim();
      found = found === null ? value : `${found}, ${value}`;
    }
    start = stop + 2;
  }
  return found;
}
