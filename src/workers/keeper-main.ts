import { Keeper } from "./keeper.js";
import type { Asks } from "./keeper-types.js";
import { LineServer } from "./lines.js";
import { WorkerLog } from "./log.js";
import { placesIn } from "./places.js";

/** The keeper's process: `node keeper-main.js FOLDER`. It ends when it is told to, and no worker is left. */
const places = placesIn(process.argv[2] ?? "");
process.title = "fence-keeper";
// It has no terminal, and nobody to end it by a signal meant for another.
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
process.umask(0o077);

const keeper = new Keeper(places.record, (event) => server.tell(event), new WorkerLog(process.stderr));
const server = new LineServer(async (what, given) => {
  if (!Object.hasOwn(keeper.answers, what)) throw new Error(`the keeper knows no ${what}`);
  const answer: unknown = await keeper.answers[what as keyof Asks](given as never);
  if (what === "end" && answer === true) setImmediate(() => server.close());
  return answer;
});
// Without await: in the single executable it is CommonJS.
void server.open(places.keeper);
