import type { Plan, RenderedTree } from "../plan/types.js";
import { readState } from "../switch/state.js";
import type { TreeOnDisk } from "./render-tree.js";

const SCRIPT = /^scripts\/([^/]+)\/up$/;

/**
 * Sites that are not up and that the rendered files still know, but the spec does no more: once it is applied, their
 * hosts get what hosts without a site get. Their state stays, and with it they come back.
 */
export function removedWhileDown(plan: Plan, onDisk: TreeOnDisk | null): string[] {
  const kept = new Set(plan.spec.sites.map(({ name }) => name));
  const known = (onDisk?.files ?? []).flatMap(({ path }) => SCRIPT.exec(path)?.[1] ?? []);
  return known.filter((site) => {
    if (kept.has(site)) return false;
    try {
      return readState(plan.spec.stateDir, site).mode !== "up";
    } catch {
      // Damaged: nothing is known of it.
      return false;
    }
  });
}

const MAIN_CONFIG = /^[^/]+\/(?:nginx|lighttpd)\.conf$/;
const GATE = /^([^/]+)\/gate\..*conf$/;

/**
 * Files that the rendered tree loses and that something outside of it may name: main configs, which services start
 * servers with, and gates, which configs of the user's own include. Neither would start or reload without them.
 */
export function removedConfigs(plan: Plan, onDisk: TreeOnDisk | null, tree: RenderedTree): string[] {
  const kept = new Set(tree.files.map(({ path }) => path));
  const included = plan.spec.servers.filter(({ config }) => config === "include").map(({ name }) => name);
  return (onDisk?.files ?? [])
    .map(({ path }) => path)
    .filter((path) => !kept.has(path))
    .filter((path) => MAIN_CONFIG.test(path) || included.includes(GATE.exec(path)?.[1] ?? ""));
}
