import assert from "node:assert/strict";
import { test } from "node:test";
import { monotonicMs } from "../../src/base/clock.js";
import type { WebServerKind } from "../../src/spec/types.js";
import { inParallel, keeping } from "../support/backend-set.js";
import { startCountingBackend, type CountingBackend } from "../support/counting-backend.js";
import { ask } from "../support/http-answer.js";
import { needs, type Need } from "../support/needs.js";
import { countOf } from "../support/spread.js";
import { createWorld, freePort, until, type World } from "../support/world.js";

/** The proxy has a test of its own (proxy-failover.test.ts). */
const KINDS: readonly (readonly [WebServerKind, Need])[] = [
  ["lighttpd", "lighttpd"],
  ["nginx", "nginx"],
  ["nginx-lua", "nginx-lua"],
];
const FORM = { method: "POST", body: Buffer.from("a form") };
const CLIENTS = 16;
const KILLS = 3;
const REQUESTS = KILLS * 1000;

async function startThree(kind: WebServerKind): Promise<{ world: World; backends: CountingBackend[] }> {
  const backends: CountingBackend[] = [];
  for (let index = 0; index < 3; index += 1) backends.push(await startCountingBackend(await freePort()));
  const world = await createWorld({
    kind,
    backends: backends.map(({ port }) => `"127.0.0.1:${port}"`),
    upstreamLines: 'fail_timeout = "1s"',
  });
  const { code, stdout, stderr } = await world.fence("apply");
  assert.equal(code, 0, stdout + stderr);
  await world.start();
  return { world, backends };
}

for (const [kind, need] of KINDS) {
  test(
    `One of three backends is killed under load on ${kind}: only what it had is lost, no POST runs twice, and it is back in time`,
    needs("root", need),
    async () => {
      const { world, backends } = await startThree(kind);
      const [victim] = backends;
      try {
        if (victim === undefined) assert.fail();
        const agent = keeping(CLIENTS);
        const base = { port: world.port, host: "main.test", agent };
        const gets: number[] = [];
        const posts: number[] = [];
        await inParallel(REQUESTS, CLIENTS, async (index) => {
          // More than once, so that it meets requests in every phase.
          if (index % 1000 === 300) await victim.kill();
          if (index % 1000 === 700) await victim.start();
          const isPost = index % 3 === 0;
          const path = `/?id=${index}&ms=${index % 5}`;
          const { status } = await ask({ ...base, path, ...(isPost ? FORM : {}) });
          (isPost ? posts : gets).push(status);
        });
        const failed = gets.filter((status) => status !== 200);
        // lighttpd asks no other backend once one has taken a request: those under way at a kill are lost.
        if (kind === "lighttpd") assert.ok(failed.length <= KILLS * CLIENTS, `${failed.length} GETs failed`);
        else assert.deepEqual(failed, [], "every GET is answered");
        assert.ok(
          failed.every((status) => status === 500),
          failed.join(),
        );
        await Promise.all(backends.map((backend) => backend.told()));
        const executed = backends.flatMap((backend) => backend.executed());
        const ids = countOf(executed.filter(({ method }) => method === "POST").map(({ id }) => id));
        assert.deepEqual(
          [...ids].filter(([, count]) => count > 1),
          [],
          "no POST is executed twice",
        );
        const lost = posts.filter((status) => status !== 200);
        assert.ok(
          lost.every((status) => [500, 502, 503].includes(status)),
          lost.join(),
        );
        assert.ok(lost.length <= KILLS * CLIENTS, `${lost.length} POSTs are lost`);
        await victim.kill();
        await inParallel(30, 3, () => ask({ ...base, path: "/?id=seek" }));
        await victim.start();
        const [since, before] = [monotonicMs(), victim.executed().length];
        await until("it to be asked again", async () => {
          await ask({ ...base, path: "/?id=back" });
          return victim.executed().length > before;
        });
        // A second of rest, in whole seconds of a coarse clock, and the pace of this test.
        assert.ok(monotonicMs() - since < 10_000, `${monotonicMs() - since} ms`);
        agent.destroy();
      } finally {
        await world.end();
        await Promise.all(backends.map((backend) => backend.kill()));
      }
    },
  );
}
