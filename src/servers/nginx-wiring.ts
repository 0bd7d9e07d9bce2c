import type { Server, Site, Spec, Upstream } from "../spec/types.js";
import { inEffect, locationsOf, own, serverLevels, type Level } from "./nginx-levels.js";
import type { Directive, NginxConfig } from "./nginx-parse.js";
import { enterName, variableId } from "./nginx-sites.js";
import { TargetReader, targetKeys } from "./nginx-targets.js";

/** What a config of the user's own has that a hold cannot do with, or that is good to know. */
export interface WiredFinding {
  /** refuse: a hold would not be one. note: said, not refused. */
  level: "refuse" | "note";
  /** `FILE:LINE: what, why; how to mend it.` Without a place where something is missing. */
  sentence: string;
}

/** A config of the user's own, by nginx's rules of what is in effect where, and the site that is to be held there. */
export interface Wiring {
  site: Site;
  upstream: Upstream;
  servers: readonly Level[];
  /** Server blocks with the gate of the site. */
  gated: readonly Level[];
  /** Their locations, without fence's own. */
  locations: readonly Level[];
  /** Fence's own locations in them. */
  ownLocations: readonly Level[];
  /** hold.http.conf is read. */
  isPrepared: boolean;
  /** What locations pass to, with its `$`. */
  variable: string;
  /** In which requests at the backends are counted. */
  zone: string;
  /** Where fence's files for this server are, for people. */
  folder: string;
  reader: TargetReader;
  /** Keys of the site's backends. */
  backends: ReadonlySet<string>;
}

/** Whether a pass leads to backends; the name of the protocol comes first. */
export const PASS = /^(?:proxy|fastcgi|scgi|uwsgi|grpc)_pass$/;
/** Counts nobody. */
const NOBODY = "fence_nobody_";

/** @param canonical a file by the one name that it has without symlinks */
export function wiringOf(
  spec: Spec,
  server: Server,
  site: Site,
  upstream: Upstream,
  config: NginxConfig,
  canonical: (file: string) => string,
): Wiring {
  const folder = `${spec.outputDir}/${server.name}`;
  const isFile = (file: string, name: string): boolean => canonical(file) === canonical(`${folder}/${name}`);
  const servers = serverLevels(config);
  const has = ({ directives }: Pick<Level, "directives">, name: string): boolean =>
    directives.some(({ file }) => isFile(file, name));
  const gate = `gate.${site.name}.conf`;
  const gated = servers.filter((one) => has(one, gate));
  const locations = gated.flatMap(locationsOf);
  const ownFolder = canonical(`${folder}/${gate}`).replace(/[^/]*$/, "");
  const isOwn = ({ head }: Level): boolean => canonical(head.file).startsWith(ownFolder);
  const id = variableId(site.name).value;
  return {
    site,
    upstream,
    servers,
    gated,
    locations: locations.filter((one) => !isOwn(one)),
    ownLocations: locations.filter(isOwn),
    isPrepared: gated.some(({ around }) => around !== null && has(around, "hold.http.conf")),
    variable: `$fence_${id}_upstream`,
    zone: `fence_${id}_inflight`,
    folder,
    reader: new TargetReader(config),
    backends: new Set(upstream.backends.flatMap(targetKeys)),
  };
}

export function refuse(at: Directive | null, sentence: string): WiredFinding {
  return { level: "refuse", sentence: placed(at, sentence) };
}

export function note(at: Directive | null, sentence: string): WiredFinding {
  return { level: "note", sentence: placed(at, sentence) };
}

function placed(at: Directive | null, sentence: string): string {
  return at === null ? sentence : `${at.file}:${at.line}: ${sentence}`;
}

/** Whether a pass names the variable of the site, perhaps not as it should. */
export function namesVariable({ variable }: Wiring, pass: Directive): boolean {
  const name = variable.slice(1);
  return new RegExp(`\\$(?:${name}(?!\\w)|\\{${name}\\})`).test(pass.words[1] ?? "");
}

/** The line that belongs in each location that goes to the backends. */
export function enterLine({ folder, site }: Wiring): string {
  return `include ${folder}/${enterName(site)};`;
}

/** The pass that belongs there. */
export function passLine({ upstream, variable }: Wiring): string {
  const { protocol } = upstream;
  return protocol === "http" ? `proxy_pass http://${variable};` : `${protocol}_pass ${variable};`;
}

/** Limits that are in effect, without fence's own that count nobody. */
export function limitsIn(level: Level, name: "limit_conn" | "limit_req"): Directive[] {
  return inEffect(level, name).filter(({ words }) => !zoneOf(words).startsWith(NOBODY));
}

/** Of a limit_conn or limit_req. */
export function zoneOf([, first = "", ...rest]: readonly string[]): string {
  const named = [first, ...rest].find((word) => word.startsWith("zone="));
  return named === undefined ? first : named.slice("zone=".length);
}

/** Whether all that a location ever does is its `return`: then its requests are neither counted nor kept. */
export function onlyReturns(level: Level): boolean {
  return own(level, "return").length > 0 && own(level, /^(?:if|rewrite|break)$/).length === 0;
}
