import { FenceError } from "../base/errors.js";
import type { Spec } from "../spec/types.js";
import { suggest } from "../base/suggest.js";

/**
 * The sites that a command is about, in the order given. No name: the only site of the spec.
 *
 * @throws FenceError `unknown-site`; `usage` when there are several sites and none is named
 */
export function chooseSites(spec: Spec, names: readonly string[]): string[] {
  const known = spec.sites.map((site) => site.name);
  if (names.length === 0) {
    if (known.length === 1) return known;
    throw new FenceError("usage", "the spec has several sites; name the ones you mean", {
      hint: listOf(known),
    });
  }
  for (const name of names) checkSite(known, name);
  return [...new Set(names)];
}

/** As `chooseSites`, but no name means every site: for commands that only look. */
export function chooseSitesOrAll(spec: Spec, names: readonly string[]): string[] {
  return names.length === 0 ? spec.sites.map((site) => site.name) : chooseSites(spec, names);
}

function checkSite(known: readonly string[], name: string): void {
  if (known.includes(name)) return;
  const near = suggest(name, known);
  throw new FenceError("unknown-site", `no site is named ${JSON.stringify(name)}`, {
    hint: near === null ? listOf(known) : `did you mean ${near}? ${listOf(known)}`,
  });
}

function listOf(names: readonly string[]): string {
  return `the sites are: ${names.join(", ")}`;
}
