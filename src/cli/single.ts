import { programInside, type OwnProgram } from "../base/own-files.js";
import { start } from "./start.js";

/**
 * The entry of the single executable (bin/single.mjs): fence itself, or one of the programs that fence starts by
 * themselves, which are all inside.
 */
const PROGRAMS: Readonly<Record<OwnProgram, () => Promise<unknown>>> = {
  "gate/main.js": () => import("../gate/main.js"),
  "proxy/process/worker-main.js": () => import("../proxy/process/worker-main.js"),
  "workers/keeper-main.js": () => import("../workers/keeper-main.js"),
  "workers/listen-main.js": () => import("../workers/listen-main.js"),
};

const program = programInside(process.argv[2]);
if (program === null) void start(process.argv.slice(2));
else {
  // Then its arguments are where a script has them.
  process.argv.splice(1, 1);
  void PROGRAMS[program]();
}
