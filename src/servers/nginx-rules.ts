import type { PathRule, Route, UpstreamRoute } from "../spec/route-types.js";

/** A path rule as templates write it for a map of `$uri`; what is empty is not meant. */
export interface RuleValues {
  exact: string;
  prefix: string;
  /** Behind the prefix comes a slash or nothing. */
  border: boolean;
  pattern: string;
}

export function ruleValues(rule: PathRule): RuleValues {
  const none = { exact: "", prefix: "", border: false, pattern: "" };
  if (rule.match === "exact") return { ...none, exact: rule.value };
  if (rule.match === "prefix") return { ...none, ...prefixValues(rule.value) };
  return { ...none, pattern: rule.value };
}

/** A prefix that ends with `/` brings its border along. */
export function prefixValues(prefix: string): Pick<RuleValues, "prefix" | "border"> {
  return { prefix, border: !prefix.endsWith("/") };
}

/** What a route takes. */
export function ruleOf(route: Route | UpstreamRoute): PathRule {
  return "dir" in route ? { match: "prefix", value: route.path } : route.match;
}

/** What a location takes: one of them is not empty. */
export interface LocationHead {
  exact: string;
  prefix: string;
  pattern: string;
}

/** The locations of nginx that take together what a rule takes. */
export function locationHeads(rule: PathRule): LocationHead[] {
  const none = { exact: "", prefix: "", pattern: "" };
  const { match, value } = rule;
  if (match === "exact") return [{ ...none, exact: value }];
  if (match === "regex") return [{ ...none, pattern: value }];
  if (value.endsWith("/")) return [{ ...none, prefix: value }];
  // Without the first one nginx would redirect the prefix itself to the second.
  return [
    { ...none, exact: value },
    { ...none, prefix: `${value}/` },
  ];
}
