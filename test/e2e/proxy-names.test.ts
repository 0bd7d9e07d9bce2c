import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { writeAtomic } from "../../src/base/durable.js";
import { inParallel } from "../support/backend-set.js";
import { holdAndDrain, siteStatus, waiting } from "../support/hold.js";
import { ask } from "../support/http-answer.js";
import { needs } from "../support/needs.js";
import { startProxy, type ProxyWorld } from "../support/proxy.js";
import { ok, startRawBackend, type RawBackend } from "../support/raw-backend.js";
import { countOf } from "../support/spread.js";
import { freePort, until } from "../support/world.js";

const PRELOAD = fileURLToPath(new URL("../support/names-preload.js", import.meta.url));

/** Which backends answered so many requests, and how many each. */
async function spread(world: ProxyWorld, count: number): Promise<ReadonlyMap<string, number>> {
  const bodies = await inParallel(count, 4, async () => {
    const { status, body } = await ask({ port: world.port, host: "main.test" });
    return status === 200 ? body : String(status);
  });
  return countOf(bodies);
}

describe("Backends behind a name", needs("root"), () => {
  let folder: string;
  let port: number;
  /** 127.0.0.1, .2 and .3, on one port; each answers with its address. */
  const backends: RawBackend[] = [];
  const start = (host: string): Promise<RawBackend> =>
    startRawBackend(({ socket }) => socket.write(ok(host)), { host, port });
  const name = (...addresses: string[]): void =>
    writeAtomic(
      join(folder, "names.json"),
      JSON.stringify(addresses.length > 0 ? { "app.test": addresses } : {}),
      {
        mode: 0o644,
      },
    );
  const startNamed = async (): Promise<ProxyWorld> => {
    const { NODE_OPTIONS } = process.env;
    process.env["NODE_OPTIONS"] = `${NODE_OPTIONS ?? ""} --import=${PRELOAD}`;
    process.env["FENCE_TEST_NAMES"] = join(folder, "names.json");
    try {
      return await startProxy([{ kind: "tcp", host: "app.test", port }], {}, { restMs: 1000 });
    } finally {
      delete process.env["NODE_OPTIONS"];
      if (NODE_OPTIONS !== undefined) process.env["NODE_OPTIONS"] = NODE_OPTIONS;
    }
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "fence-names-"));
    port = await freePort();
    for (const host of ["127.0.0.1", "127.0.0.2", "127.0.0.3"]) backends.push(await start(host));
  });
  after(async () => {
    await Promise.all(backends.map((backend) => backend.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  test("Each address has its share; one that is gone is replaced as soon as the name says by which", async () => {
    name("127.0.0.1", "127.0.0.2");
    const world = await startNamed();
    try {
      await until("both to be known", async () => (await world.status()).backends.length === 2);
      assert.deepEqual(
        await spread(world, 20),
        new Map(Object.entries({ "127.0.0.1": 10, "127.0.0.2": 10 })),
      );
      name("127.0.0.2", "127.0.0.3");
      await backends[0]?.close();
      await until("the third to be asked", async () => {
        const seen = await spread(world, 4);
        assert.equal(
          [...seen.keys()].some((body) => body === "502"),
          false,
          world.errors(),
        );
        return seen.has("127.0.0.3");
      });
      assert.deepEqual(
        await spread(world, 20),
        new Map(Object.entries({ "127.0.0.2": 10, "127.0.0.3": 10 })),
      );
    } finally {
      await world.end();
      backends[0] = await start("127.0.0.1");
    }
  });

  test("After a hold requests go where the name leads then, though the old backend still answers", async () => {
    name("127.0.0.1");
    const world = await startNamed();
    try {
      assert.deepEqual([...(await spread(world, 10)).keys()], ["127.0.0.1"]);
      await holdAndDrain(world);
      const held = spread(world, 12);
      await waiting(world, 4);
      name("127.0.0.2", "127.0.0.3");
      await world.switchTo("main", { mode: "up" });
      const seen = await held;
      assert.equal(seen.has("127.0.0.1"), false, JSON.stringify([...seen]));
      assert.equal(
        [...seen.values()].reduce((sum, one) => sum + one, 0),
        12,
      );
      assert.equal((await siteStatus(world)).inflight, 0);
    } finally {
      await world.end();
    }
  });

  test("A name that is not found any more leads where it led, and the log and the status say so", async () => {
    name("127.0.0.1", "127.0.0.2");
    const world = await startNamed();
    try {
      await until("both to be known", async () => (await world.status()).backends.length === 2);
      name();
      await holdAndDrain(world);
      await until("a line", () => /"event":"name-failed".*"why":"ENOTFOUND"/.test(world.errors()));
      await world.switchTo("main", { mode: "up" });
      const seen = await spread(world, 20);
      assert.deepEqual([...seen.keys()].sort(), ["127.0.0.1", "127.0.0.2"]);
      const [facts] = (await world.status()).names;
      assert.equal(facts?.problem, "ENOTFOUND");
    } finally {
      await world.end();
    }
  });
});
