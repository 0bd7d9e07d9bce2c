import { changesTarget } from "../spec/route-target.js";
import type { Server, Site, Spec } from "../spec/types.js";
import type { PlannedFile, ServerAdapter, SwitchPoint } from "./adapter.js";
import { lighty, lightyRegex } from "./encode-lighttpd.js";
import { lua } from "./encode-lua.js";
import { doorsOf, GATE_MARK } from "./gate-doors.js";
import { configValues } from "./lighttpd-config.js";
import { asksCgi, isRewritten, rewriteName, rewriteValues } from "./lighttpd-live.js";
import { shutValues } from "./lighttpd-shut.js";
import { cleanValues, linkValues } from "./lighttpd-bypass.js";
import { limits, unfit } from "./lighttpd-fitness.js";
import { adminValues, gateValues, upValues, probeValues } from "./lighttpd-gate.js";
import { fallbackFiles, FIELDS_NAME, routeName, routeValues, SCHEME_NAME } from "./lighttpd-scripts.js";
import { activePath } from "./lighttpd-sites.js";
import { sitesOf } from "./sites.js";

/**
 * lighttpd 1.4 with mod_magnet. The active variant of a site is one Lua file that mod_magnet runs for each request of
 * the site's hosts: `up` does nothing, `down` answers. A replaced file takes force without a reload.
 */
export const lighttpd: ServerAdapter = {
  kind: "lighttpd",
  modes: ["up", "down", "hold"],
  encoders: { lighty, lightyRegex, lua },

  files(spec, server) {
    const files: PlannedFile[] = [
      wiring("gate.conf", "lighttpd/gate.conf", gateValues(spec, server)),
      script("admin.lua", "lighttpd/admin.lua", adminValues(spec, server)),
      script("clean.lua", "lighttpd/clean.lua", cleanValues()),
    ];
    if (server.config === "standalone") {
      files.unshift(wiring("lighttpd.conf", "lighttpd/lighttpd.conf", configValues(spec, server)));
    }
    if (sitesOf(spec, server).some(({ exceptions }) => exceptions.trustedProxies.length > 0))
      files.push(script(SCHEME_NAME, "lighttpd/scheme.lua", {}));
    if (server.config === "standalone" && sitesOf(spec, server).some((site) => asksCgi(spec, site)))
      files.push(script(FIELDS_NAME, "lighttpd/fields.lua", {}));
    if (sitesOf(spec, server).some((site) => doorsOf(spec, server, site).length > 0))
      files.push(script("unmark.lua", "lighttpd/unmark.lua", GATE_MARK));
    for (const site of sitesOf(spec, server)) {
      files.push(script(`${site.name}.bypass.lua`, "lighttpd/bypass.lua", linkValues(spec, site)));
      if (server.config === "standalone" && isRewritten(site))
        files.push(script(rewriteName(site), "lighttpd/rewrite.lua", rewriteValues(site)));
      files.push(script(`${site.name}.probe.lua`, "lighttpd/probe.lua", probeValues(spec, server, site)));
      files.push(
        ...fallbackFiles(site).map((file) => script(file.path, "lighttpd/fallback.lua", file.values)),
      );
      for (const route of site.upstreamRoutes.filter(changesTarget))
        files.push(script(routeName(site, route), "lighttpd/route.lua", routeValues(site, route)));
      files.push(...exampleVariants(spec, server, site));
    }
    return files;
  },

  switchPoint,

  variant(spec, server, site, values) {
    const source =
      values.mode === "up"
        ? { template: "lighttpd/variants/up.lua", values: upValues(site, values.generation) }
        : { template: "lighttpd/variants/shut.lua", values: shutValues(spec, server, site, values) };
    return [{ name: `${site.name}.lua`, source }];
  },

  configTest(server, serverDir) {
    if (server.config === "include") return null;
    // Unknown directives are warnings with exit code 0.
    return { program: server.program, args: ["-tt", "-f", `${serverDir}/lighttpd.conf`], stderrFails: true };
  },

  runFolder(server) {
    // A reload opens the pid file again, by then without root's rights, and ends the server when it may not. The
    // control socket beside it stays closed to others by its own mode (0755: only its owner may write, so connect).
    return { mode: 0o711, pidFileOwner: server.config === "standalone" ? server.user : null };
  },

  reloadSignal: "SIGUSR1",
  reloadShows: "nothing",
  version: { args: ["-V"], pattern: /^lighttpd\/(\d+\.\d+\.\d+)/m },
  unfit,
  limits,
};

function switchPoint(spec: Spec, server: Server, site: Site): SwitchPoint {
  return {
    site: site.name,
    server: server.name,
    kind: "lighttpd",
    form: "file",
    active: activePath(spec, server, site),
    // The inotify stat cache does not watch for renames.
    touch: true,
    controlSocket: `${spec.runDir}/${server.name}/control.sock`,
  };
}

/** Generation 0 of both modes, for people to read; nothing loads them. */
function exampleVariants(spec: Spec, server: Server, site: Site): PlannedFile[] {
  const { retryAfterSec, message, reason } = site.maintenance;
  const values = { generation: 0, retryAfterSec, untilMs: null, leftSec: null, message, reason, hold: null };
  return [
    script(`variants/${site.name}.up.lua`, "lighttpd/variants/up.lua", upValues(site, 0)),
    script(
      `variants/${site.name}.down.lua`,
      "lighttpd/variants/shut.lua",
      shutValues(spec, server, site, { ...values, mode: "down" }),
    ),
  ];
}

function wiring(path: string, template: string, values: PlannedFile["values"]): PlannedFile {
  return { path, template, values, executable: false, wiring: true };
}

/** mod_magnet loads a changed script by itself. */
function script(path: string, template: string, values: PlannedFile["values"]): PlannedFile {
  return { path, template, values, executable: false, wiring: false };
}
