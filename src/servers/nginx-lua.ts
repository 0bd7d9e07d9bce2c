import type { Server, Site, Spec } from "../spec/types.js";
import type { PlannedFile, ServerAdapter } from "./adapter.js";
import { lua } from "./encode-lua.js";
import { nginxEncoders } from "./encode-nginx.js";
import { ident, type Ident } from "./ident.js";
import { limitsLua, unfitNginx } from "./nginx-fitness.js";
import {
  controlSocket,
  enterName,
  holdsByItself,
  luaNames,
  NGINX_RUN_FOLDER,
  sharedDict,
  stateFolder,
  variableId,
} from "./nginx-sites.js";
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
  modes: ["up", "down", "hold"],
  encoders: { lua, ...nginxEncoders },

  files(spec, server) {
    const common = commonValues(spec, server);
    return [
      ...nginxFiles(spec, server, true, modulesOf(server)),
      wiring("bypass.lua", "nginx-lua/bypass.lua", common),
      wiring("counts.lua", "nginx-lua/counts.lua", common),
      wiring("state.lua", "nginx-lua/state.lua", common),
      ...(sitesOf(spec, server).some((site) => holdsByItself(server, site))
        ? ["sockets.lua", "hold.lua"].map((name) => wiring(name, `nginx-lua/${name}`, common))
        : []),
      wiring("control.lua", "nginx-lua/control.lua", common),
      wiring("retry.lua", "nginx-lua/retry.lua", common),
      ...sitesOf(spec, server).flatMap((site) => siteFiles(spec, server, site)),
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

/** What the Lua files of a server have in common. */
function commonValues(spec: Spec, server: Server): Readonly<Record<string, unknown>> {
  const sites = sitesOf(spec, server);
  return {
    ...luaNames(spec, server),
    server: ident(server.name),
    dict: sharedDict(server),
    bypassFolder: `${spec.stateDir}/bypass/`,
    active: `${stateFolder(spec, server)}/`,
    sites: sites.map(({ name }) => ({ name: ident(name) })),
    holding: sites.filter((site) => holdsByItself(server, site)).map(holdingValues),
  };
}

function holdingValues(site: Site): Readonly<Record<string, unknown>> {
  const variable = (part: string): Ident => ident(`fence_${variableId(site.name).value}_${part}`);
  return {
    name: ident(site.name),
    wait: variable("wait"),
    decision: variable("decision"),
    told: variable("told"),
    hasTrusted: site.exceptions.trustedProxies.length > 0,
    asked: variable("asked"),
    isTrusted: variable("trusted"),
  };
}

function siteFiles(spec: Spec, server: Server, site: Site): PlannedFile[] {
  const id = variableId(site.name);
  const names = luaNames(spec, server);
  const holds = holdsByItself(server, site);
  const gate = wiring(`gate.${site.name}.lua`, "nginx-lua/gate.site.lua", {
    site: ident(site.name),
    state: names.state,
    stateKey: names.key,
    key: `fence.${server.name}.site.${site.name}`,
    holds,
    decision: ident(`fence_${id.value}_decision`),
    path: ident(`fence_${id.value}_path`),
    told: ident(`fence_${id.value}_told`),
  });
  const enter = wiring(enterName(site), "nginx-lua/enter.site.conf", {
    name: ident(site.name),
    siteName: site.name,
    id,
    holdKey: names.holdKey,
    holdLua: names.holdLua,
  });
  return holds ? [gate, enter] : [gate];
}

function modulesOf(server: Server): string[] {
  return server.moduleDir === null ? [] : MODULES.map((name) => `${server.moduleDir}/${name}`);
}
