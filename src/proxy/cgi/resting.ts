/** What waits for its next request. */
export interface Resting {
  /** It was waiting at the last round already. */
  isTired: boolean;
  destroy(): void;
}

const ROUND_MS = 250;

const all = new Set<Resting>();
let timer: NodeJS.Timeout | null = null;

/**
 * Watches a connection that waits: it is ended after one to two rounds. A process behind it that could serve others is
 * bound by it for no longer.
 */
export function rest(connection: Resting): void {
  connection.isTired = false;
  all.add(connection);
  timer ??= setInterval(round, ROUND_MS).unref();
}

export function wake(connection: Resting): void {
  all.delete(connection);
}

function round(): void {
  for (const connection of all) {
    if (connection.isTired) connection.destroy();
    else connection.isTired = true;
  }
  if (all.size > 0 || timer === null) return;
  clearInterval(timer);
  timer = null;
}
