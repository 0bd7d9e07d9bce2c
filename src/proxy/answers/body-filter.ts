/**
 * What stands between a backend's body and its client when the bytes cannot go straight through: it gets the body
 * without framing and sends the client what the head has announced.
 */
export interface BodyFilter {
  /**
   * A piece of the body, which may be overwritten as soon as this returns.
   * @returns false: no more before `Exchange.answerWanted`
   */
  write(bytes: Buffer, start: number, end: number): boolean;
  /** The body has come to its end. @param done all of the answer is on its way to the client */
  end(done: () => void): void;
  /** The client has taken what it was sent: who has said "no more" says here that it wants more. */
  clientDrained(): void;
  /** The answer stays incomplete, and the client must not take it for whole. */
  abort(): void;
}
