import { HOLDING_KINDS } from "../support/held-world.js";
import { describeLive } from "./live.js";

for (const one of HOLDING_KINDS.filter(({ kind }) => kind === "nginx")) describeLive(one);
