/** What a client's connection is busy with, when the answer is not at hand at once. */
export interface Task {
  /** The client is gone: nothing more is sent to it. */
  abort(): void;
  /** The client has taken what it was sent. */
  clientDrained(): void;
  /** Once a second. */
  sweep(tick: number): void;
}
