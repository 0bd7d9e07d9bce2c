/** A decoded path without dot segments and double slashes. @returns null when it climbs above the root */
export function normalisedPath(path: string): string | null {
  if (!/\/[/.]/.test(path)) return path;
  const kept: string[] = [];
  const segments = path.split("/");
  for (const segment of segments) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") kept.push(segment);
    else if (kept.pop() === undefined) return null;
  }
  const last = segments.at(-1);
  const closed = kept.length > 0 && (last === "" || last === "." || last === "..");
  return `/${kept.join("/")}${closed ? "/" : ""}`;
}
