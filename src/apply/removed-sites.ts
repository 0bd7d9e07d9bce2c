import type { Plan } from "../plan/types.js";
import { readState } from "../switch/state.js";
import type { TreeOnDisk } from "./render-tree.js";

const SCRIPT = /^scripts\/([^/]+)\/up$/;

/**
 * Sites that are down and that the rendered files still know, but the spec does no more: once it is applied, their
 * hosts get what hosts without a site get. Their state stays, and with it they come back.
 */
export function removedWhileDown(plan: Plan, onDisk: TreeOnDisk | null): string[] {
  const kept = new Set(plan.spec.sites.map(({ name }) => name));
  const known = (onDisk?.files ?? []).flatMap(({ path }) => SCRIPT.exec(path)?.[1] ?? []);
  return known.filter((site) => {
    if (kept.has(site)) return false;
    try {
      return readState(plan.spec.stateDir, site).mode === "down";
    } catch {
      // Damaged: nothing is known of it.
      return false;
    }
  });
}
