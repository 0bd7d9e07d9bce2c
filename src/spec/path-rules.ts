import type { PathRule } from "./route-types.js";

/** Takes a path as a request has it: decoded once, normalised, without its query. */
export type PathTest = (path: string) => boolean;

/** The prefix itself and all below it; one that ends with `/` brings its border along. */
export function prefixTest(prefix: string): PathTest {
  if (prefix.endsWith("/")) return (path) => path.startsWith(prefix);
  return (path) => path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === "/");
}

export function exactTest(value: string): PathTest {
  return (path) => path === value;
}

export function ruleTest(rule: PathRule): PathTest {
  if (rule.match === "exact") return exactTest(rule.value);
  if (rule.match === "prefix") return prefixTest(rule.value);
  const pattern = new RegExp(asPcreReads(rule.value));
  return (path) => pattern.test(path);
}

/**
 * The spec takes only what all engines read alike, but for two: JavaScript's `\s` also takes the no-break space, and its `.` does not take CR.
 */
function asPcreReads(pattern: string): string {
  let isInClass = false;
  return pattern.replace(/\\.|[[\].]/gs, (part) => {
    if (part === "[") isInClass = true;
    else if (part === "]") isInClass = false;
    else if (part === "\\s") return isInClass ? "\\t-\\r " : "[\\t-\\r ]";
    else if (part === "." && !isInClass) return "[^\\n]";
    return part;
  });
}
