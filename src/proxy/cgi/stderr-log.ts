/** So much of one request is logged. */
const LOGGED_BYTES_MAX = 64 * 1024;
/** What goes on for longer has no end. */
const BYTES_MAX = 16 * 1024 * 1024;

/** The error output of one request, until it is logged. */
export class StderrLog {
  bytes = 0;
  private readonly parts: Buffer[] = [];
  private kept = 0;

  /** As UTF-8, without the line feed at its end. The log escapes what a terminal might act on. */
  get text(): string {
    return Buffer.concat(this.parts).toString("utf8").replace(/\n$/, "");
  }

  get isCut(): boolean {
    return this.bytes > this.kept;
  }

  /** @param pieces offset pairs @returns false: it is more than any request may have */
  add(bytes: Uint8Array, pieces: readonly number[]): boolean {
    for (let index = 0; index < pieces.length; index += 2) {
      const from = pieces[index] as number;
      const to = pieces[index + 1] as number;
      const stop = Math.min(to, from + LOGGED_BYTES_MAX - this.kept);
      if (stop > from) {
        this.parts.push(Buffer.from(bytes.subarray(from, stop)));
        this.kept += stop - from;
      }
      this.bytes += to - from;
    }
    return this.bytes <= BYTES_MAX;
  }
}
