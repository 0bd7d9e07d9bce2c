import type { Directive, NginxConfig } from "./nginx-parse.js";

/** A block that has settings of its own and takes others from the block around it. */
export interface Level {
  /** inner: an `if` or `limit_except` in a location, which also takes over where the location passes to. */
  kind: "http" | "server" | "location" | "inner";
  /** The directive that it is the block of. */
  head: Directive;
  directives: readonly Directive[];
  /** null: of `http`. */
  around: Level | null;
}

/** All server blocks of the http block. */
export function serverLevels({ directives }: NginxConfig): Level[] {
  const http = directives.flatMap((head) => (head.words[0] === "http" ? levelOf("http", head, null) : []));
  return http.flatMap((around) =>
    around.directives.flatMap((head) =>
      head.words[0] === "server" && head.words.length === 1 ? levelOf("server", head, around) : [],
    ),
  );
}

/** All locations of a server block, those in others, too. */
export function locationsOf(level: Level): Level[] {
  return level.directives.flatMap((head) => {
    if (head.words[0] !== "location") return [];
    return levelOf("location", head, level).flatMap((one) => [one, ...locationsOf(one)]);
  });
}

/** A location, and all `if` and `limit_except` in it. */
export function withInner(location: Level): Level[] {
  const inner = location.directives.flatMap((head) =>
    ["if", "limit_except"].includes(head.words[0] ?? "") ? levelOf("inner", head, location) : [],
  );
  return [location, ...inner.flatMap(withInner)];
}

function levelOf(kind: Level["kind"], head: Directive, around: Level | null): Level[] {
  return head.block === null ? [] : [{ kind, head, directives: head.block, around }];
}

/** Directives of this name in the block itself. */
export function own({ directives }: Level, name: string | RegExp): Directive[] {
  return directives.filter(({ words: [first = ""] }) =>
    typeof name === "string" ? first === name : name.test(first),
  );
}

/**
 * Those that are in effect: of the nearest block around that has any. nginx takes settings from the level above as a
 * whole or not at all, lists such as `limit_conn` and `proxy_set_header`, too.
 */
export function inEffect(level: Level, name: string): Directive[] {
  const found = own(level, name);
  return found.length > 0 || level.around === null ? found : inEffect(level.around, name);
}

/** The same for each of many names by itself. */
export function settingsIn(level: Level, names: RegExp): Directive[] {
  const found = own(level, names);
  const around = level.around === null ? [] : settingsIn(level.around, names);
  return [...found, ...around.filter(({ words }) => !found.some((one) => one.words[0] === words[0]))];
}

/** The value of a setting that has one; null: it is not set. */
export function settingOf(level: Level, name: string): string | null {
  return inEffect(level, name).at(-1)?.words[1] ?? null;
}

/** The server block that it is in. */
export function serverOf(level: Level): Level {
  return level.kind === "server" || level.around === null ? level : serverOf(level.around);
}

/** As a person calls it. */
export function nameOf({ kind, head, around }: Level): string {
  if (kind === "http") return "the http level";
  if (kind === "server") return "the server block";
  const text = head.words.join(" ");
  return kind === "inner" && around !== null ? `${text} in ${nameOf(around)}` : text;
}
