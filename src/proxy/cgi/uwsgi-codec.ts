import type { CgiCodec } from "./codec.js";

const PACKET_BYTES_MAX = 65_535;

/** uwsgi: a packet with modifiers 0 and 0, each name and value after its length in 16 bits; then the body. */
export const UWSGI: CgiCodec = {
  pair: (name, value) => shortText(name.length) + name + shortText(value.length) + value,
  head(pairs) {
    return pairs.length > PACKET_BYTES_MAX ? null : `\0${shortText(pairs.length)}\0${pairs}`;
  },
};

/** Little-endian. A text beyond the limit makes a packet beyond the limit, whatever is written here. */
function shortText(length: number): string {
  return String.fromCharCode(length & 255, (length >> 8) & 255);
}
