import type { Server, ServerKind, Site, Spec } from "../spec/types.js";
import type { Command, PlannedFile, ServerAdapter, SwitchPoint } from "./adapter.js";
import { nginxEncoders } from "./encode-nginx.js";
import { configValues } from "./nginx-config.js";
import { limitsStock, unfitNginx } from "./nginx-fitness.js";
import { httpValues, siteValues } from "./nginx-gate.js";
import { holdFiles } from "./nginx-hold.js";
import { liveFiles } from "./nginx-live.js";
import { activePath, NGINX_RUN_FOLDER } from "./nginx-sites.js";
import { sitesOf } from "./sites.js";
import { nginxVariant } from "./nginx-variant.js";

/**
 * nginx as it comes, without Lua. A variant is a folder; a file `down` in it is what the gate looks for at each
 * request, so that a switch takes force on all workers at once and without a reload.
 */
export const nginx: ServerAdapter = {
  kind: "nginx",
  modes: ["up", "down", "hold"],
  encoders: nginxEncoders,

  files(spec, server) {
    return nginxFiles(spec, server, false, []);
  },

  switchPoint(spec, server, site) {
    return folderPoint("nginx", spec, server, site, null);
  },

  variant: (_spec, _server, site, values) => nginxVariant(site, values),

  configTest: nginxTest,
  runFolder: () => NGINX_RUN_FOLDER,
  reloadSignal: "SIGHUP",
  reloadShows: "new-workers",
  version: { args: ["-V"], pattern: /^nginx version: [^/\s]+\/(\d+\.\d+\.\d+)/m },
  unfit: unfitNginx,
  limits: limitsStock,
};

/** The files that both kinds have. `modules`: what nginx.conf loads. */
export function nginxFiles(
  spec: Spec,
  server: Server,
  lua: boolean,
  modules: readonly string[],
): PlannedFile[] {
  const files = [wiring("gate.http.conf", "nginx/gate.http.conf", httpValues(spec, server, lua))];
  if (server.config === "standalone")
    files.unshift(wiring("nginx.conf", "nginx/nginx.conf", configValues(spec, server, modules)));
  for (const { path, template, values } of [...liveFiles(spec, server), ...holdFiles(spec, server)])
    files.push(wiring(path, template, values));
  for (const site of sitesOf(spec, server)) {
    files.push(wiring(`gate.${site.name}.conf`, "nginx/gate.site.conf", siteValues(spec, server, site, lua)));
  }
  return files;
}

export function folderPoint(
  kind: ServerKind,
  spec: Spec,
  server: Server,
  site: Site,
  controlSocket: string | null,
): SwitchPoint {
  return {
    site: site.name,
    server: server.name,
    kind,
    form: "folder",
    active: activePath(spec, server, site),
    touch: false,
    controlSocket,
  };
}

/**
 * Binds no port that is taken and leaves the running server alone. It does make the temporary folders and the logs of
 * the config, and an empty pid file where there is none.
 */
export function nginxTest(server: Server, serverDir: string): Command | null {
  if (server.config === "include") return null;
  return { program: server.program, args: ["-t", "-q", "-c", `${serverDir}/nginx.conf`], stderrFails: false };
}

export function wiring(path: string, template: string, values: PlannedFile["values"]): PlannedFile {
  return { path, template, values, executable: false, wiring: true };
}
