import { HOLDING_KINDS } from "../support/held-world.js";
import { describeHold } from "../support/hold-table.js";

for (const one of HOLDING_KINDS.filter(({ kind }) => kind === "nginx")) describeHold(one);
