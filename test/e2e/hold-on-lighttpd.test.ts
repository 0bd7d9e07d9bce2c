import { HOLDING_KINDS } from "../support/held-world.js";
import { describeHold } from "../support/hold-table.js";

const kinds = HOLDING_KINDS.filter(({ kind }) => kind === "lighttpd");
for (const one of kinds) describeHold(one, one.workers === 0);
