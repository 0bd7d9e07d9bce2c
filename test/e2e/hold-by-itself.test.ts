import { HOLDING_KINDS } from "../support/held-world.js";
import { describeHold } from "../support/hold-table.js";

/** Kinds that hold by themselves. */
for (const one of HOLDING_KINDS.filter(({ kind }) => kind === "nginx-lua" || kind === "proxy"))
  describeHold(one);
