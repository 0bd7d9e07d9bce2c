import { serveGate, superviseGate } from "./run.js";

/** The gate's own program, apart from fence's: `main.js run|serve GATE.JSON`. */
const [, , role = "", file = ""] = process.argv;

try {
  if (role === "serve") await serveGate(file, process.stderr);
  else await superviseGate(file);
  process.exit(0);
} catch (error) {
  process.stderr.write(`fence-gate: ${(error as Error).message}\n`);
  process.exit(1);
}
