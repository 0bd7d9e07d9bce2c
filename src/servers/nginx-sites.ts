import { upstreamNamesOf } from "../spec/route-of.js";
import type { RunFolder } from "./adapter.js";
import type { Server, Site, Spec } from "../spec/types.js";
import { ident, type Ident } from "./ident.js";

/** Part of a variable's name: nginx takes no `-` there, and names of the spec have no `_`. */
export function variableId(name: string): Ident {
  return ident(name.replaceAll("-", "_"));
}

/**
 * The folder of one server's state; `<site>` in it is a symlink to `<site>.<n>` beside it. The path is short because
 * stock nginx walks it for every request.
 */
export function stateFolder(spec: Spec, server: Server): string {
  return `${spec.stateDir}/servers/${server.name}`;
}

export function activePath(spec: Spec, server: Server, site: Site): string {
  return `${stateFolder(spec, server)}/${site.name}`;
}

export function controlSocket(spec: Spec, server: Server): string {
  return `${spec.runDir}/${server.name}/control.sock`;
}

/** The lua_shared_dict of one server. Ends as no zone of the templates does: all of them share one room of names. */
export function sharedDict(server: Server): Ident {
  return ident(`fence_${variableId(server.name).value}_state`);
}

/** Paths of the Lua files of one server, and the keys by which a worker knows that it has loaded them. */
export function luaNames(spec: Spec, server: Server) {
  const folder = `${spec.outputDir}/${server.name}`;
  const key = `fence.${server.name}`;
  return {
    state: `${folder}/state.lua`,
    key,
    counts: `${folder}/counts.lua`,
    countsKey: `${key}.counts`,
    holdLua: `${folder}/hold.lua`,
    sockets: `${folder}/sockets.lua`,
    holdKey: `${key}.hold`,
    bypassLua: `${folder}/bypass.lua`,
    bypassKey: `${key}.bypass`,
  };
}

/**
 * Whether nginx with Lua has requests of this site wait: where fence writes the location that goes to the backends. One
 * of a config that is not fence's would need a coroutine for every request of a site that is up.
 */
export function holdsByItself(server: Server, site: Site): boolean {
  return server.kind === "nginx-lua" && server.config === "standalone" && upstreamNamesOf(site).length > 0;
}

/** What each location that goes to the backends of such a site includes. */
export function enterName(site: Pick<Site, "name">): string {
  return `enter.${site.name}.conf`;
}

/** nginx opens its sockets to everybody (mode 0666), so the folder must be closed. */
export const NGINX_RUN_FOLDER: RunFolder = { mode: 0o700, pidFileOwner: null };
