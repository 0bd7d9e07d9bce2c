import { BYPASS_COOKIE, BYPASS_PATH } from "../base/bypass.js";
import { MEDIA_TYPE, varyOf } from "../page/bodies.js";
import type { Server, Site, Spec } from "../spec/types.js";
import { ident } from "./ident.js";
import { HOLD_HTTP_NAME, holdName, holds, waitsInLocation } from "./nginx-hold.js";
import { languageMaps, languageValues } from "./nginx-languages.js";
import { LIVE_HTTP_NAME } from "./nginx-live.js";
import { prefixValues, ruleValues } from "./nginx-rules.js";
import { activePath, controlSocket, holdsByItself, luaNames, sharedDict, variableId } from "./nginx-sites.js";
import { sitesOf } from "./sites.js";
import { bitsOf, RETRY_STEPS_SEC, STEP_FLAGS } from "./nginx-steps.js";
import { PROBE_PATH } from "./probe-path.js";

type Values = Readonly<Record<string, unknown>>;

/** Parameters of a media range up to its q. Possessive: neither blanks nor parameters are given back. */
const PARAMETERS = "(?:\\s*+;\\s*+(?!q\\s*=)[^,;]*+)*+";
const IPV4 = "(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\.){3}(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const GROUP = "[0-9a-fA-F]{1,4}";
/** Whole, or with one `::` for two groups or more: nginx takes it for no fewer. */
const IPV6 =
  `(?:(?:${GROUP}:){7}${GROUP}|(?:${GROUP}:){6}${IPV4}|` +
  `(?!(?:[^:,]*:){8}|(?:[^:,]*:){7}[^:,]*\\.)(?:${GROUP}(?::${GROUP})*)?::(?:(?:${GROUP}:)*(?:${GROUP}|${IPV4}))?)`;
const PORT = "0*(?:6553[0-5]|655[0-2]\\d|65[0-4]\\d\\d|6[0-4]\\d{3}|[1-5]\\d{4}|[1-9]\\d{0,3})";
/** An address with or without a port, as nginx reads X-Forwarded-For. */
const ADDRESS = `\\s*+(?:${IPV4}(?::${PORT})?|${IPV6}|\\[(?:${IPV4}|${IPV6})\\]:${PORT})\\s*+`;

const bypassValues = { cookie: ident(BYPASS_COOKIE), bypassPath: BYPASS_PATH };

/** Where stock nginx finds a bypass by its token. */
function bypassFolder(spec: Spec, site: Site): string {
  return `${spec.stateDir}/bypass/${site.name}/by-token/`;
}

/** Values of gate.http.conf. `lua`: the mode comes from shared memory, and there is a control socket. */
export function httpValues(spec: Spec, server: Server, lua: boolean): Values {
  const sites = sitesOf(spec, server);
  return {
    server: ident(server.name),
    lua,
    dict: sharedDict(server),
    listenControl: `unix:${controlSocket(spec, server)}`,
    controlLua: `${spec.outputDir}/${server.name}/control.lua`,
    probePath: PROBE_PATH,
    kinds: [
      { name: ident("fence_json"), range: `(?:application/json|[^,;/\\s]+/[^,;/\\s]*\\+json)${PARAMETERS}` },
      { name: ident("fence_html"), range: `(?:text/html|application/xhtml\\+xml)${PARAMETERS}` },
    ],
    textRange: `text/plain${PARAMETERS}`,
    anyRange: `(?:\\*/\\*|text/\\*)${PARAMETERS}`,
    languages: languageMaps(sites, PARAMETERS),
    ...bypassValues,
    digits: [9, 8, 7, 6, 5, 4, 3, 2, 1].map((digit) => ({ digit, below: digit - 1 })),
    inLocation: waitsInLocation(server) && sites.some((site) => holds(spec, server, site)),
    liveConf: `${spec.outputDir}/${server.name}/${LIVE_HTTP_NAME}`,
    holdConf: `${spec.outputDir}/${server.name}/${HOLD_HTTP_NAME}`,
    fallbacks: sites.some((site) => site.routes.some((route) => route.fallback !== null)),
    trusted: sites.some((site) => site.exceptions.trustedProxies.length > 0),
    address: ADDRESS,
    sites: sites.map((site) => ({
      ...exceptionValues(site, lua, holds(spec, server, site)),
      lua,
      bypassFolder: bypassFolder(spec, site),
      holdsByItself: holdsByItself(server, site),
    })),
  };
}

function exceptionValues(site: Site, lua: boolean, hold: boolean): Values {
  const { exceptions, maintenance } = site;
  const trusted = exceptions.trustedProxies.map((cidr) => cidr.text);
  return {
    name: ident(site.name),
    id: variableId(site.name),
    hold,
    live: hold ? "pass" : "",
    ...healthValues(site),
    acme: exceptions.acme,
    pass: exceptions.pass.map(ruleValues),
    paths: maintenance.paths.map(prefixValues),
    allow: exceptions.allow.map((cidr) => cidr.text),
    trusted,
    hasTrusted: trusted.length > 0,
    cors: maintenance.corsOrigins.length > 0,
    origins: maintenance.corsOrigins,
    exposed: `Retry-After, ${maintenance.header}`,
    retryAfterSec: maintenance.retryAfterSec,
    steps: lua
      ? []
      : RETRY_STEPS_SEC.map((seconds, index) => ({ bits: ident(bitsOf(index + 1).join("")), seconds })),
  };
}

function healthValues(site: Site): Values {
  const { health } = site.exceptions;
  return {
    health: health?.path ?? "",
    healthPass: health?.whileDown === "pass",
    healthOk: health?.whileDown === "ok",
    healthDown: health?.whileDown === "down",
  };
}

/** Values of gate.<site>.conf. */
export function siteValues(spec: Spec, server: Server, site: Site, lua: boolean): Values {
  const { maintenance } = site;
  const active = activePath(spec, server, site);
  const folder = `${spec.outputDir}/${server.name}`;
  const { state, key: stateKey, holdKey, bypassLua, bypassKey } = luaNames(spec, server);
  const cors = maintenance.corsOrigins.length > 0;
  return {
    name: ident(site.name),
    id: variableId(site.name),
    siteName: site.name,
    hasTrusted: site.exceptions.trustedProxies.length > 0,
    lua,
    state,
    stateKey,
    holdsByItself: holdsByItself(server, site),
    holdKey,
    hold: holds(spec, server, site),
    inLocation: waitsInLocation(server) && holds(spec, server, site),
    holdConf: `${folder}/${holdName(site)}`,
    own: server.config === "standalone",
    ...bypassValues,
    bypassFolder: bypassFolder(spec, site),
    bypassLua,
    bypassKey,
    gateLua: `${folder}/gate.${site.name}.lua`,
    retryLua: `${folder}/retry.lua`,
    active: `${active}/`,
    refuseFlag: `${active}/refuse`,
    downFlag: `${active}/down`,
    flags: STEP_FLAGS.map((flag) => `${active}/${flag}`),
    probePath: PROBE_PATH,
    probeFile: `${active}/probe.json`,
    ...healthValues(site),
    cors,
    vary: varyOf(site),
    ...languageValues(sitesOf(spec, server), site),
    status: maintenance.status,
    header: maintenance.header,
    headers: maintenance.headers,
    retryAfterSec: maintenance.retryAfterSec,
    mediaType: MEDIA_TYPE,
    fallbacks: site.routes.flatMap(({ path, dir, fallback, precompressed }, index) =>
      fallback === null
        ? []
        : [
            {
              index,
              path,
              dir: `${dir}/`,
              precompressed,
              base: fallback.base,
              lastSegment: fallback.append === "last-segment",
            },
          ],
    ),
  };
}
