import type { BodyFilter } from "./body-filter.js";

/** For a body in whose place the client gets something else. Who says so ends the exchange. */
export const DROPPED_BODY: BodyFilter = {
  write: () => true,
  end() {},
  clientDrained() {},
  abort() {},
};
