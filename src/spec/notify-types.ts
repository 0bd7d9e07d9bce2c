/** Somebody who is told of each change, once it is over. */
export interface Notify {
  name: string;
  to:
    | { kind: "webhook"; url: string; secretFile: string | null }
    | { kind: "command"; command: readonly string[] };
  timeoutMs: number;
}
