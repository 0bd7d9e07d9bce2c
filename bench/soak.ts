/**
 * The soak: real servers under load while sites are taken down and up, held and released, backends killed and fence
 * itself killed, in an order that a seed decides; then a ledger of every request. Ends with 1 when one is unexplained.
 *
 *   npm run soak -- [--server KIND] [--actions N] [--clients N] [--seed N]
 */
import { parseArgs } from "node:util";
import { SERVER_KINDS, type WebServerKind } from "../src/spec/types.js";
import { startCountingBackend } from "../test/support/counting-backend.js";
import { has } from "../test/support/needs.js";
import { freePort } from "../test/support/world.js";
import { startClients } from "./load-clients.js";
import { ACTIONS, type Scene } from "./soak/actions.js";
import { ledgerOf, type Ledger } from "./soak/ledger.js";
import { Random } from "./soak/random.js";
import { createStand, fence, KINDS, mainConfigOf, startServer } from "./stand.js";

const LIMITS = { actions: 100_000, clients: 1000 };
const SHOWN_MAX = 20;

let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    console.log("stopping after this action");
    stopping = true;
  });
}

interface Options {
  kinds: readonly WebServerKind[];
  actions: number;
  clients: number;
  seed: number;
}

function optionsOf(): Options {
  const { values } = parseArgs({
    options: {
      server: { type: "string", multiple: true, default: [] },
      actions: { type: "string", default: "30" },
      clients: { type: "string", default: "24" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  for (const name of values.server)
    if (!SERVER_KINDS.some((kind) => kind === name))
      throw new Error(`--server takes one of ${SERVER_KINDS.join(", ")}`);
  const wanted = SERVER_KINDS.filter((kind) => values.server.length === 0 || values.server.includes(kind));
  const kinds = wanted.filter((kind) => KINDS.some((one) => one.kind === kind && has(one.need)));
  for (const kind of wanted) if (!kinds.includes(kind)) console.log(`${kind} is not installed: left out`);
  return {
    kinds,
    actions: numberOf("--actions", values.actions, 1, LIMITS.actions),
    clients: numberOf("--clients", values.clients, 1, LIMITS.clients),
    seed: numberOf("--seed", values.seed, 0, 2 ** 31),
  };
}

function numberOf(flag: string, text: string, min: number, max: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new Error(`${flag} takes a whole number from ${min} to ${max}`);
}

/** @returns what went wrong; nothing when all was as it should be */
async function soak(kind: WebServerKind, { actions, clients, seed }: Options): Promise<string[]> {
  const random = new Random(seed);
  const backend = await startCountingBackend(await freePort());
  const stand = await createStand({ kind, workers: 2, backendPort: backend.port });
  const closing = [() => backend.kill(), () => stand.close()];
  const faults: string[] = [];
  const done = new Map<string, number>();
  try {
    await fence(stand, "apply");
    const server = await startServer(kind, mainConfigOf(stand), stand.port);
    closing.unshift(() => server.stop());
    const load = startClients(stand.port, clients, true);
    const scene: Scene = { stand, serverPid: server.pid, backend, random };
    const fitting = ACTIONS.filter(({ fits }) => fits?.(scene) ?? true);
    for (let count = 0; count < actions && faults.length === 0 && !stopping; count += 1) {
      const { name, act } = random.of(fitting);
      done.set(name, (done.get(name) ?? 0) + 1);
      await act(scene)
        .then(() => fence(stand, "verify", "main"))
        .catch((error: Error) => faults.push(`action ${count + 1}, ${name}: ${error.message}`));
    }
    const outcomes = await load.stop();
    const ledger = ledgerOf(
      outcomes,
      backend.executed().map(({ id }) => id),
    );
    print(kind, done, ledger, Math.max(...outcomes.map(({ tookMs }) => tookMs)));
    return [...faults, ...ledger.unexplained];
  } finally {
    for (const close of closing) await close();
  }
}

function print(kind: string, done: ReadonlyMap<string, number>, ledger: Ledger, longestMs: number): void {
  const row = (text: string, value: number | string): void =>
    console.log(`  ${text.padEnd(48)}${String(value).padStart(9)}`);
  console.log(`\n${kind}`);
  for (const [name, count] of done) row(name, count);
  row("requests sent", ledger.sent);
  row("answered right, executed once", ledger.right);
  row("answered with the maintenance answer, not executed", ledger.maintenance);
  row("left by their clients, executed once at most", ledger.left);
  row("of all these sent again, as their connection had ended", ledger.again);
  row("unexplained", ledger.unexplained.length);
  row("the longest wait", `${(longestMs / 1000).toFixed(1)} s`);
}

try {
  const options = optionsOf();
  console.log(`seed ${options.seed}, ${options.actions} actions, ${options.clients} clients`);
  const faults: string[] = [];
  for (const kind of options.kinds) {
    if (stopping) break;
    const found = await soak(kind, options);
    for (const fault of found.slice(0, SHOWN_MAX)) console.log(`  ! ${fault}`);
    faults.push(...found);
  }
  process.exitCode = faults.length === 0 && options.kinds.length > 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
