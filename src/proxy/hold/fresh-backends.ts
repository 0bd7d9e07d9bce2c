import type { BackendGroup } from "../backend/backend-pool.js";

/** Forgets what is known of backends that may be others by now: idle connections, and that one refused. */
export function freshenBackends(group: BackendGroup): void {
  for (const pool of group.all) {
    pool.refusedAt = null;
    for (const connection of pool.idle.takeAll()) connection.destroy();
  }
}
