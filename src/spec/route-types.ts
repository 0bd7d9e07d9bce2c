/** Files below `dir` for URL paths below `path`. */
export interface Route {
  /** URL path prefix, begins and ends with `/`. */
  path: string;
  /** Folder that `path` stands for, absolute, without a trailing `/`. */
  dir: string;
  fallback: Fallback | null;
  /** A file `x.br` or `x.gz` beside `x` is sent to clients that take it. */
  precompressed: boolean;
}

/** Requests that go to an upstream of their own. */
export interface UpstreamRoute {
  match: PathRule;
  /** Those of the site's hosts whose requests it takes, as the site has them; none: all of them. */
  hosts: readonly string[];
  upstream: string;
  /** The upstream is asked without the prefix; only of a prefix. */
  stripPrefix: boolean;
  /** Decoded, without a trailing `/`; empty: nothing. */
  addPrefix: string;
}

/** GET and HEAD for a file that does not exist are answered 302 to base + the appended part. */
export interface Fallback {
  /** http(s) URL without query, fragment, userinfo or trailing `/`. */
  base: string;
  /** path: the request's raw path; last-segment: `/` and what follows the last `/` of it. */
  append: "path" | "last-segment";
}

/** Matched against the decoded, normalised path. A prefix ends on a segment border. */
export type PathRule =
  { match: "exact"; value: string } | { match: "prefix"; value: string } | { match: "regex"; value: string };
