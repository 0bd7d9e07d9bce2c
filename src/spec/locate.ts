import type { Diagnostic } from "../base/diagnostics.js";

/**
 * The place in the spec that a server's own error message most likely speaks of: the first line that holds one of the
 * quoted strings, paths or addresses of the message, the longest first. Null when none occurs in the spec.
 */
export function locateInSpec(message: string, specText: string, file: string): Diagnostic | null {
  const place = locateWords(candidates(message), specText, file);
  const why = message.split("\n")[0] ?? null;
  return place && { ...place, message: "the server's config test fails on this value", why };
}

/** The first line of the spec that holds one of these values, written as a literal or as a basic string of TOML. */
export function locateValue(values: readonly string[], specText: string, file: string): Diagnostic | null {
  return locateWords(
    values.flatMap((value) => [value, JSON.stringify(value).slice(1, -1)]),
    specText,
    file,
  );
}

function locateWords(words: readonly string[], specText: string, file: string): Diagnostic | null {
  const lines = specText.split(/\r?\n/);
  for (const word of words) {
    const index = lines.findIndex((line) => line.includes(word));
    const source = lines[index];
    if (source === undefined || word === "") continue;
    const column = source.indexOf(word) + 1;
    const endColumn = column + word.length;
    return { file, line: index + 1, column, endColumn, source, message: "", why: null, fix: null };
  }
  return null;
}

function candidates(message: string): string[] {
  const quoted = [...message.matchAll(/["']([^"']{2,})["']/g)].map((match) => match[1] ?? "");
  const bare = [...message.matchAll(/[\w.:[\]-]+:\d+|\/[\w./-]+/g)].map((match) => match[0]);
  return [...new Set([...quoted, ...bare])]
    .filter((word) => word.length > 2)
    .sort((a, b) => b.length - a.length);
}
