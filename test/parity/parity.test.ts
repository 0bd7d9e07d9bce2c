import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { WebServerKind } from "../../src/spec/types.js";
import { needs } from "../support/needs.js";
import type { Case, Expect } from "./case.js";
import { cellKey, documentOf, KINDS, type Cell } from "./document.js";
import { messageOf, problemsOf, type Outcome } from "./outcome.js";
import { askRaw } from "./raw-answer.js";
import { releaseAll, type Released } from "./released.js";
import { TOPICS } from "./topics.js";
import { startParity, type ParityWorld } from "./world.js";

const DOCUMENT = fileURLToPath(new URL("../../../docs/parity.md", import.meta.url));

suite(
  "Every kind of server answers alike",
  needs("root", "lighttpd", "lighttpd-deflate", "nginx", "nginx-lua", "php-fpm", "uwsgi", "perl-fcgi"),
  () => {
    let world: ParityWorld;
    const cells = new Map<string, Cell>();
    before(async () => {
      world = await startParity();
    });
    after(() => world.end());

    let released: Promise<Released> | null = null;
    for (const { title, cases, isReleased } of TOPICS) {
      for (const kind of KINDS) {
        test(`${title}, on ${kind}`, async () => {
          if (isReleased) released ??= releaseAll(world, KINDS, cases);
          const wrong: string[] = [];
          for (const one of cases) {
            const { cell, problems } = await judged(world, one, kind, await released);
            cells.set(cellKey(title, one.name, kind), cell);
            if (problems.length > 0) wrong.push(`${one.name}: ${problems.join("; ")}`);
          }
          assert.deepEqual(wrong, []);
        });
      }
    }

    test("docs/parity.md says what was seen; UPDATE=1 writes it", () => {
      const text = documentOf(cells);
      if (process.env["UPDATE"] === "1") writeFileSync(DOCUMENT, text);
      assert.equal(readFileSync(DOCUMENT, "utf8"), text);
    });
  },
);

/** @param released what came of the requests of a topic that waits; null: it does not */
async function judged(
  world: ParityWorld,
  one: Case,
  kind: WebServerKind,
  released: Released | null,
): Promise<{ cell: Cell; problems: string[] }> {
  const refused = world.refusal(kind, one.site);
  if (refused !== null) return { cell: { refused }, problems: [] };
  const outcome = released?.get(one)?.get(kind) ?? (await outcomeOf(world, one, kind));
  const check = (expect: Expect): string[] => problemsOf(expect, outcome, `${one.site}.test`);
  const [limit, differs] = one.limits?.[kind] ?? [null, {}];
  if (limit === null) return { cell: "as-expected", problems: check(one.expect) };
  const problems = check({ ...one.expect, ...differs });
  if (check(one.expect).length === 0) problems.push(`the limit ${limit} is none any more`);
  return { cell: { limit }, problems };
}

async function outcomeOf(world: ParityWorld, one: Case, kind: WebServerKind): Promise<Outcome> {
  const before = world.requests();
  const answer = await askRaw(world.ports[kind], messageOf(one, world.placeholders(one.site)), {
    from: one.from,
  });
  return { answer, reached: world.requests() - before };
}
