import { Positions } from "./positions.js";
import { readToml } from "./syntax.js";

/** Where the rules of a spec stand in its text, for who explains it. */
export interface Places {
  /** The line of the value at a path, or of the nearest table around it. */
  lineOf(path: readonly PropertyKey[]): number;
  /** The line of the nth route of a site that goes to files, or to an upstream. */
  lineOfRoute(site: string, kind: "files" | "upstream", nth: number): number;
}

/** @param text of a spec that is valid */
export function placesOf(text: string): Places {
  const toml = readToml(text);
  if ("problem" in toml) throw new Error(`the spec has changed meanwhile: ${toml.problem.message}`);
  const positions = new Positions(toml.tree);
  const lineOf = (path: readonly PropertyKey[]): number => positions.value(path).line;
  const { site: sites } = toml.value as { site: Record<string, { route?: readonly { dir?: string }[] }> };
  return {
    lineOf,
    lineOfRoute(site, kind, nth) {
      const isOf = (route: { dir?: string }): boolean => (route.dir !== undefined) === (kind === "files");
      const all = (sites[site]?.route ?? []).map((route, index) => ({ route, index }));
      const found = all.filter(({ route }) => isOf(route))[nth];
      return lineOf(["site", site, "route", found?.index ?? 0]);
    },
  };
}
