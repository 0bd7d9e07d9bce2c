import type { Fallback, Site } from "../../spec/types.js";

/** Files below `dir` for paths below `path`. */
export interface StaticRoute {
  /** Ends with `/`. */
  path: string;
  dir: string;
  fallback: Fallback | null;
}

/** The longest path first. */
export function staticRoutesOf(site: Site): StaticRoute[] {
  return site.routes
    .map(({ path, dir, fallback }) => ({ path, dir, fallback }))
    .sort((a, b) => b.path.length - a.path.length);
}
