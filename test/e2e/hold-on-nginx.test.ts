import { HOLDING_KINDS, OWN_NGINX } from "../support/held-world.js";
import { describeHold } from "../support/hold-table.js";

for (const one of [...HOLDING_KINDS.filter(({ kind }) => kind === "nginx"), OWN_NGINX]) describeHold(one);
