/**
 * A path, with what follows it, that begins with `from`, told with `to` instead. It begins so on a border of segments
 * alone: of `/app` come `/app`, `/app/x` and `/app?x`, and never `/apple`; of `/app/` comes `/app`, too, as the folder
 * that it is. Where the two parts meet there is one slash.
 * @param to a path, or a URL up to somewhere in its path
 * @returns null: it does not begin so
 */
export function mappedPath(from: string, to: string, text: string): string | null {
  if (text.startsWith(from)) {
    const rest = text.slice(from.length);
    return from.endsWith("/") || isBorder(rest) ? joined(to, rest) : null;
  }
  const folder = from.slice(0, -1);
  if (!from.endsWith("/") || !text.startsWith(folder)) return null;
  const rest = text.slice(folder.length);
  if (rest !== "" && !/^[?#]/.test(rest)) return null;
  const base = to.endsWith("/") ? to.slice(0, -1) : to;
  return (base === "" ? "/" : base) + rest;
}

function isBorder(rest: string): boolean {
  return rest === "" || /^[/?#]/.test(rest);
}

function joined(to: string, rest: string): string {
  if (rest === "" || /^[?#]/.test(rest)) return to + rest;
  const base = to.endsWith("/") ? to.slice(0, -1) : to;
  return base + (rest.startsWith("/") ? rest : `/${rest}`);
}
