import { serveGate, superviseGate } from "./run.js";

/** The gate's own program, apart from fence's: `main.js run|serve GATE.JSON`. */
const [, , role = "", file = ""] = process.argv;

// Without await: in the single executable it is CommonJS.
(role === "serve" ? serveGate(file, process.stderr) : superviseGate(file)).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`fence-gate: ${(error as Error).message}\n`);
    process.exit(1);
  },
);
