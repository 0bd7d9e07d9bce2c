import type { Server } from "../spec/types.js";
import type { ServerAdapter } from "./adapter.js";
import { lua } from "./encode-lua.js";
import { ngx, ngxPattern, ngxPlain, ngxRegex } from "./encode-nginx.js";
import { ident } from "./ident.js";
import { limitsLua, unfitNginx } from "./nginx-fitness.js";
import { controlSocket, NGINX_RUN_FOLDER, sharedDict, stateFolder, variableId } from "./nginx-sites.js";
import { sitesOf } from "./sites.js";
import { nginxVariant } from "./nginx-variant.js";
import { folderPoint, nginxFiles, nginxTest, wiring } from "./nginx.js";

/** In this order: the second needs symbols of the first. */
const MODULES = ["ndk_http_module.so", "ngx_http_lua_module.so"];

/**
 * nginx with lua-nginx-module. A variant is a folder with a file `state`; workers read a copy of it in shared memory,
 * which a request to the control socket brings up to date in all of them at once.
 */
export const nginxLua: ServerAdapter = {
  kind: "nginx-lua",
  modes: ["up", "down"],
  encoders: { lua, ngx, ngxPattern, ngxPlain, ngxRegex },

  files(spec, server) {
    const folder = `${spec.outputDir}/${server.name}`;
    const state = `${folder}/state.lua`;
    const common = {
      server: ident(server.name),
      state,
      dict: sharedDict(server),
      key: `fence.${server.name}`,
    };
    const active = `${stateFolder(spec, server)}/`;
    return [
      ...nginxFiles(spec, server, true, modulesOf(server)),
      wiring("state.lua", "nginx-lua/state.lua", { ...common, active }),
      wiring("control.lua", "nginx-lua/control.lua", common),
      wiring("retry.lua", "nginx-lua/retry.lua", common),
      ...sitesOf(spec, server).map((site) =>
        wiring(`gate.${site.name}.lua`, "nginx-lua/gate.site.lua", {
          site: ident(site.name),
          state,
          stateKey: common.key,
          key: `fence.${server.name}.${site.name}`,
          decision: ident(`fence_${variableId(site.name).value}_decision`),
        }),
      ),
    ];
  },

  switchPoint(spec, server, site) {
    return folderPoint("nginx-lua", spec, server, site, controlSocket(spec, server));
  },

  variant: (_spec, _server, site, values) => nginxVariant(site, values),

  configTest: nginxTest,
  runFolder: () => NGINX_RUN_FOLDER,
  reloadSignal: "SIGHUP",
  reloadShows: "new-workers",
  version: { args: ["-V"], pattern: /^nginx version: [^/\s]+\/(\d+\.\d+\.\d+)/m },

  unfit(version, buildInfo) {
    const problems = unfitNginx(version, buildInfo);
    const isBuiltIn = /lua-nginx-module|ngx_lua-|http_lua/.test(buildInfo);
    if (!isBuiltIn && !buildInfo.includes("--with-compat")) {
      problems.push(
        "this nginx has no Lua of its own and was built without --with-compat, so it loads no module either.",
      );
    }
    return problems;
  },

  limits: limitsLua,
};

function modulesOf(server: Server): string[] {
  return server.moduleDir === null ? [] : MODULES.map((name) => `${server.moduleDir}/${name}`);
}
