const FIRST_BYTES = 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Bytes that wait, in one piece of memory. Kept as they came, pieces of one byte would each take two hundred; joined
 * whenever one comes, they would all be copied as often.
 */
export class Gathering {
  length = 0;
  private room: Buffer = NOTHING;

  add(bytes: Uint8Array): void {
    const length = this.length + bytes.length;
    if (length > this.room.length) {
      const room = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.room.length, FIRST_BYTES));
      room.set(this.room.subarray(0, this.length));
      this.room = room;
    }
    this.room.set(bytes, this.length);
    this.length = length;
  }

  /** All of them; it is empty then. */
  take(): Buffer {
    const all = this.room.subarray(0, this.length);
    this.room = NOTHING;
    this.length = 0;
    return all;
  }
}
