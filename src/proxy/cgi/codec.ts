/** How one of the protocols frames a request. Texts have one character a byte. */
export interface CgiCodec {
  /** One variable. Neither text has a NUL: who makes the variables sees to it. */
  pair(name: string, value: string): string;
  /**
   * All that comes before the body.
   * @param pairs what pair() made, one behind the other
   * @param bodyBytes null: there is no body
   * @returns null when the protocol has no room for so many variables
   */
  head(pairs: string, bodyBytes: number | null): string | null;
}
