/** What can be chosen: one backend. */
export interface Choosable {
  /** By which it is known: the same before a restart and after it. */
  readonly label: string;
  /** Its share among the others; at least 1. */
  readonly weight: number;
  /** Connections that are busy with a request, or upgraded. */
  readonly load: number;
  /** What it is still due by its turn: only the rule that takes turns writes to it. */
  due: number;
}

/** By which rule one of several backends is chosen. */
export interface Balance {
  /**
   * @param from those that may be chosen, at least one
   * @param key what the rule looks at of the request; null: it looks at nothing, or the request has nothing of the kind
   */
  pick<T extends Choosable>(from: readonly T[], key: string | null): T;
}
