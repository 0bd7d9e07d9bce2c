/**
 * The soak: real servers under load while sites are taken down and up, held and released, backends killed and fence
 * itself killed, in an order that a seed decides; then a ledger of every request. Ends with 1 when one is unexplained.
 *
 *   npm run soak -- [--server KIND] [--actions N] [--requests N] [--clients N] [--seed N]
 *
 * On each kind it goes on for so many actions and, when they are asked for, until so many requests are sent.
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

const LIMITS = { actions: 100_000, requests: 10_000_000, clients: 1000 };
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
  requests: number;
  clients: number;
  seed: number;
}

function optionsOf(): Options {
  const { values } = parseArgs({
    options: {
      server: { type: "string", multiple: true, default: [] },
      actions: { type: "string" },
      requests: { type: "string", default: "0" },
      clients: { type: "string", default: "24" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  const usual = values.requests === "0" ? "30" : "1";
  for (const name of values.server)
    if (!SERVER_KINDS.some((kind) => kind === name))
      throw new Error(`--server takes one of ${SERVER_KINDS.join(", ")}`);
  const wanted = SERVER_KINDS.filter((kind) => values.server.length === 0 || values.server.includes(kind));
  const kinds = wanted.filter((kind) => KINDS.some((one) => one.kind === kind && has(one.need)));
  for (const kind of wanted) if (!kinds.includes(kind)) console.log(`${kind} is not installed: left out`);
  return {
    kinds,
    actions: numberOf("--actions", values.actions ?? usual, 1, LIMITS.actions),
    requests: numberOf("--requests", values.requests, 0, LIMITS.requests),
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
async function soak(kind: WebServerKind, options: Options): Promise<string[]> {
  const { actions, requests, clients } = options;
  const random = new Random(options.seed);
  const backend = await startCountingBackend(await freePort());
  const stand = await createStand({ kind, workers: 2, backendPort: backend.port });
  const closing = [() => backend.kill(), () => stand.close()];
  const faults: string[] = [];
  const done = new Map<string, number>();
  try {
    await fence(stand, "apply");
    const server = await startServer(kind, mainConfigOf(stand), stand.port);
    closing.unshift(() => server.stop());
    const began = performance.now();
    const load = startClients(stand.port, clients, true);
    const scene: Scene = { stand, serverPid: server.pid, backend, random };
    const fitting = ACTIONS.filter(({ fits }) => fits?.(scene) ?? true);
    const isOver = (count: number): boolean =>
      faults.length > 0 || stopping || (count >= actions && load.sent() >= requests);
    for (let count = 0; !isOver(count); count += 1) {
      const { name, act } = random.of(fitting);
      done.set(name, (done.get(name) ?? 0) + 1);
      await act(scene)
        .then(() => fence(stand, "verify", "main"))
        .catch((error: Error) => faults.push(`action ${count + 1}, ${name}: ${error.message}`));
    }
    const outcomes = await load.stop();
    const tookMs = performance.now() - began;
    const ledger = ledgerOf(
      outcomes,
      backend.executed().map(({ id }) => id),
    );
    const longestMs = outcomes.reduce((longest, { tookMs }) => Math.max(longest, tookMs), 0);
    print(kind, done, ledger, { longestMs, tookMs });
    return [...faults, ...ledger.unexplained];
  } finally {
    for (const close of closing) await close();
  }
}

function print(
  kind: string,
  done: ReadonlyMap<string, number>,
  ledger: Ledger,
  { longestMs, tookMs }: { longestMs: number; tookMs: number },
): void {
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
  row("requests a second", Math.round(ledger.sent / (tookMs / 1000)));
  row("the longest wait", `${(longestMs / 1000).toFixed(1)} s`);
}

try {
  const options = optionsOf();
  const { seed, actions, requests, clients } = options;
  const least = requests === 0 ? "" : `, ${requests} requests at the least`;
  console.log(`seed ${seed}, ${actions} actions${least}, ${clients} clients`);
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
