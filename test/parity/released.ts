import assert from "node:assert/strict";
import type { WebServerKind } from "../../src/spec/types.js";
import { until } from "../support/world.js";
import type { Case } from "./case.js";
import { messageOf, type Outcome } from "./outcome.js";
import { askRaw, type RawAnswer } from "./raw-answer.js";
import type { ParityWorld } from "./world.js";

/** What came of each request on each kind that serves its site. */
export type Released = ReadonlyMap<Case, ReadonlyMap<WebServerKind, Outcome>>;

/** One request, while its site is held and after that. */
interface Sent {
  one: Case;
  kind: WebServerKind;
  /** The backends count by it. */
  row: string;
  isToWait: boolean;
  answered: Promise<RawAnswer>;
  /** null: not yet. */
  answer: RawAnswer | null;
  didWait: boolean;
}

/**
 * Sends all requests while their sites are held, looks who waits, and lets them go: one release for all, as there is one
 * hold. What is to wait has all the time that the others take to get there, and must be answered soon after the release.
 */
export async function releaseAll(
  world: ParityWorld,
  kinds: readonly WebServerKind[],
  cases: readonly Case[],
): Promise<Released> {
  const all = kinds.flatMap((kind) =>
    cases
      .filter(({ site }) => world.refusal(kind, site) === null)
      .map((one, index) => send(world, one, kind, `${kind}-${index}`)),
  );
  const count = all.filter(({ isToWait }) => isToWait).length;
  await untilTold(
    `${count} of ${all.length} requests to wait`,
    async () =>
      (await world.waitingNow()) === count &&
      all.every(({ isToWait, answer }) => isToWait || answer !== null),
    async () => `${await world.waitingNow()} wait; ${oddOnes(all)}`,
  );
  for (const sent of all) sent.didWait = sent.answer === null;
  const begun = all.filter(({ isToWait, row }) => isToWait && world.requestsOf(row) > 0);
  assert.deepEqual(begun.map(nameOf), [], "no backend is asked before the release");
  await world.release();
  await untilTold(
    "all to be answered",
    () => all.every(({ answer }) => answer !== null),
    () => Promise.resolve(oddOnes(all)),
  );
  const released = new Map<Case, Map<WebServerKind, Outcome>>();
  for (const { one, kind, row, answered, didWait } of all) {
    const outcomes = released.get(one) ?? new Map<WebServerKind, Outcome>();
    outcomes.set(kind, { answer: await answered, reached: world.requestsOf(row), didWait });
    released.set(one, outcomes);
  }
  return released;
}

function send(world: ParityWorld, one: Case, kind: WebServerKind, row: string): Sent {
  const fields = [...(one.fields ?? []), `X-Row: ${row}`];
  const [, differs] = one.limits?.[kind] ?? [null, {}];
  // Nobody knows how long the others take to get there.
  const answered = askRaw(world.ports[kind], messageOf({ ...one, fields }, world.placeholders(one.site)), {
    from: one.from,
    deadlineMs: "as long as it takes",
  });
  const sent: Sent = {
    one,
    kind,
    row,
    isToWait: { ...one.expect, ...differs }.waits === true,
    answered,
    answer: null,
    didWait: false,
  };
  void answered.then((answer) => (sent.answer = answer));
  return sent;
}

const nameOf = ({ one, kind }: Sent): string => `${one.name}, on ${kind}`;

/** Those whose answer is there too early, or not there. */
function oddOnes(all: readonly Sent[]): string {
  const early = all.filter(({ isToWait, answer }) => isToWait && answer !== null);
  const missing = all.filter(({ answer }) => answer === null);
  return `answered: ${early.map(nameOf).join(" | ")}; not answered: ${missing.map(nameOf).join(" | ")}`;
}

async function untilTold(
  what: string,
  condition: () => boolean | Promise<boolean>,
  tell: () => Promise<string>,
): Promise<void> {
  try {
    await until(what, condition);
  } catch {
    throw new Error(`waited for ${what}: ${await tell()}`);
  }
}
