import {
  inEffect,
  locationsOf,
  nameOf,
  own,
  serverOf,
  settingOf,
  settingsIn,
  withInner,
  type Level,
} from "./nginx-levels.js";
import type { Directive } from "./nginx-parse.js";
import {
  enterLine,
  limitsIn,
  namesVariable,
  onlyReturns,
  PASS,
  refuse,
  zoneOf,
  type WiredFinding,
  type Wiring,
} from "./nginx-wiring.js";

/** What may keep a request between fence's look at the mode and its count, or read its body: in phases before that. */
const KEEPERS =
  /^(?:(?:server_)?rewrite_by_lua(?:_block|_file)?|modsecurity|ModSecurityEnabled|SecRulesEnabled|set_form_input(?:_multi)?)$/;
/** What may keep one behind that, before the location leads to another one. */
const LATE_KEEPERS = /^(?:access_by_lua(?:_block|_file)?|auth_request)$/;

/**
 * Whether each request on its way to a backend is counted in the same turn of the worker in which it has found the site
 * up: nothing may keep it meanwhile, and nothing count it elsewhere before.
 */
export function aboutCounting(wiring: Wiring): WiredFinding[] {
  const places = [...wiring.locations, ...wiring.gated.filter((one) => !hasRoot(one))];
  const busy = places.filter((place) => !onlyReturns(place));
  return [
    ...once(busy.flatMap((place) => aboutOtherCounts(wiring, place))),
    ...once(busy.flatMap(aboutDelays)),
    ...once(busy.flatMap(aboutKeepers)),
    ...busy.flatMap((place) => aboutLateCounts(wiring, place)),
    ...aboutDryRun(wiring),
  ];
}

/** Where there is no location for the rest, requests are in the server block itself. */
function hasRoot(server: Level): boolean {
  return locationsOf(server).some(({ head, around }) => {
    const [, ...words] = head.words;
    return around === server && words.at(-1) === "/" && (words.length === 1 || words[0] === "^~");
  });
}

/** What holds in many locations is told once. */
function once(found: readonly (WiredFinding & { at: Directive })[]): WiredFinding[] {
  const byPlace = new Map<Directive, WiredFinding>();
  for (const { at, ...finding } of found) if (!byPlace.has(at)) byPlace.set(at, finding);
  return [...byPlace.values()];
}

function passesHere(wiring: Wiring, place: Level): boolean {
  return withInner(place).some((level) => own(level, PASS).some((pass) => namesVariable(wiring, pass)));
}

/** nginx counts a request in the first location that has a limit_conn, and never again. */
function aboutOtherCounts(wiring: Wiring, place: Level): (WiredFinding & { at: Directive })[] {
  const { zone, site } = wiring;
  if (passesHere(wiring, place)) return [];
  const limits = limitsIn(place, "limit_conn");
  const [at] = limits;
  if (at === undefined || limits.some(({ words }) => zoneOf(words) === zone)) return [];
  const line = `limit_conn ${zone} 65535;`;
  const sentence =
    `limit_conn ${zoneOf(at.words)} is in effect in ${nameOf(place)}, and nginx counts a request by the first limit_conn ` +
    `alone that it meets: one that is led on from there to the backends of ${site.name} would not be counted; write ${line} ` +
    `${isOutside(at, wiring) ? "and this limit in its server block" : "beside it"}.`;
  return [{ ...refuse(at, sentence), at }];
}

/** At the http level it would count for other sites as well. */
function isOutside(at: Directive, { gated }: Wiring): boolean {
  return gated.some(({ around }) => around?.directives.includes(at) === true);
}

function aboutDelays(place: Level): (WiredFinding & { at: Directive })[] {
  if (settingOf(place, "limit_req_dry_run") === "on") return [];
  return limitsIn(place, "limit_req").flatMap((at) => {
    const { words } = at;
    if (!words.some((word) => word.startsWith("burst=")) || words.includes("nodelay")) return [];
    const sentence =
      `limit_req ${zoneOf(words)} is in effect in ${nameOf(place)} and delays requests after they have found the site up ` +
      "and before they are counted, so that nobody would wait for them; write nodelay.";
    return [{ ...refuse(at, sentence), at }];
  });
}

function aboutKeepers(place: Level): (WiredFinding & { at: Directive })[] {
  return keepersIn(place, KEEPERS).map((at) => {
    const sentence =
      `${at.words[0]} is in effect in ${nameOf(place)} and may keep a request after it has found the site up and before it is ` +
      "counted, so that nobody would wait for it; no site can be held where it is.";
    return { ...refuse(at, sentence), at };
  });
}

function keepersIn(place: Level, names: RegExp): Directive[] {
  return withInner(place)
    .flatMap((level) => settingsIn(level, names))
    .filter(({ words }) => words[1] !== "off");
}

/**
 * A location that leads on to a named one, which is in the same look at the mode, and may keep a request before: the
 * count there would come too late.
 */
function aboutLateCounts(wiring: Wiring, place: Level): WiredFinding[] {
  if (inEffect(place, "limit_conn").some(({ words }) => words[1] === wiring.zone)) return [];
  const server = serverOf(place);
  const named = namedBehind(place).find((name) =>
    locationsOf(server).some(
      (other) => other.head.words.length === 2 && other.head.words[1] === name && passesHere(wiring, other),
    ),
  );
  if (named === undefined) return [];
  const [keeper] = [
    ...keepersIn(place, LATE_KEEPERS),
    ...withInner(place).flatMap((level) => own(level, PASS)),
  ];
  if (keeper === undefined) return [];
  const sentence =
    `${keeper.words[0]} may keep a request in ${nameOf(place)} after it has found the site up, and only then it is led on to ` +
    `${named} and counted, so that nobody would wait for it; write ${enterLine(wiring)} in this location, too.`;
  return [refuse(keeper, sentence)];
}

/** Named locations that a request may go on in. */
function namedBehind(place: Level): string[] {
  const pages = withInner(place).flatMap((level) => inEffect(level, "error_page"));
  return [...own(place, "try_files"), ...pages].flatMap(({ words }) => {
    const last = words.at(-1) ?? "";
    return last.startsWith("@") ? [last] : [];
  });
}

/** Fence asks whether there are fewer than so many, by a limit that must be kept. */
function aboutDryRun({ ownLocations, zone }: Wiring): WiredFinding[] {
  const [asked] = ownLocations.filter((one) => own(one, "limit_conn").some(({ words }) => words[1] === zone));
  const [at] = asked === undefined ? [] : inEffect(asked, "limit_conn_dry_run");
  return at?.words[1] === "on"
    ? [
        refuse(
          at,
          "with limit_conn_dry_run fence is not told how many requests are at the backends; remove it.",
        ),
      ]
    : [];
}
