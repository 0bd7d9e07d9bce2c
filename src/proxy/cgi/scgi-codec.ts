import type { CgiCodec } from "./codec.js";

/** SCGI: a netstring of variables, each name and value ended by a NUL, CONTENT_LENGTH first; then the body. */
export const SCGI: CgiCodec = {
  pair: (name, value) => `${name}\0${value}\0`,
  head(pairs, bodyBytes) {
    const variables = `CONTENT_LENGTH\0${bodyBytes ?? 0}\0SCGI\x001\0${pairs}`;
    return `${variables.length}:${variables},`;
  },
};
