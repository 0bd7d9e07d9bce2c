import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";
import type { HoldValues, Mode } from "../../src/base/mode.js";
import { Gate } from "../../src/gate/gate.js";
import { Log } from "../../src/proxy/log.js";
import type { GateDoor } from "../../src/servers/gate-doors.js";
import { nginxVariant } from "../../src/servers/nginx-variant.js";
import type { Backend } from "../../src/spec/types.js";
import { temporaryFolder } from "../support/fake-machine.js";
import { holdValues } from "../support/hold.js";
import { modeValues } from "../support/lighttpd.js";
import { siteOf } from "../support/nginx.js";
import { until } from "../support/world.js";

/** A backend that is told what to do with each connection. */
async function startBackend(onData: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => onData(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

describe("The gate", () => {
  const folder = temporaryFolder();
  const active = join(folder, "active");
  let generation = 0;
  const servers: Server[] = [];
  after(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Puts a variant in force as a switch does. */
  const put = (mode: Mode, hold: Partial<HoldValues> = {}): void => {
    generation += 1;
    const name = `v${generation}`;
    mkdirSync(join(folder, name));
    const values = modeValues(mode, generation, { hold: mode === "hold" ? holdValues(hold) : null });
    for (const { name: file, source } of nginxVariant(siteOf("main"), values))
      if ("content" in source) writeFileSync(join(folder, name, file), source.content);
    symlinkSync(name, `${active}.new`);
    renameSync(`${active}.new`, active);
  };
  beforeEach(() => put("up"));

  const door = join(folder, "door.sock");
  const open = async (backends: Backend[], more: Partial<GateDoor> = {}) => {
    const place = { site: "main", server: "web", upstream: "app", path: door, user: null, pidFile: "/none" };
    const sites = [
      {
        name: "main",
        active,
        doors: [{ ...place, backends, refusal: null, seesEnd: false, lingerMs: 50, ...more }],
      },
    ];
    const config = { schema: "", pidFile: "", controlSocket: "", sha256: "", sites };
    const gate = new Gate(config, new Log({ write: () => true, writableLength: 0 }, "gate"));
    gate.stay();
    await gate.open();
    const report = (): { held: number; inflight: number } =>
      gate.sync("main") as { held: number; inflight: number };
    return { gate, report };
  };
  const ask = (): Socket => {
    const socket = connect(door).on("error", () => {});
    socket.write("anything\n");
    return socket;
  };
  const answer = async (socket: Socket): Promise<string> => {
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    return text;
  };
  const end = async (gate: Gate): Promise<void> => {
    gate.close();
    await gate.through();
  };

  test("backends are asked in turn by their weight, and one that does not answer is passed over", async () => {
    const [one, two] = [
      await startBackend((socket) => socket.end("one")),
      await startBackend((socket) => socket.end("two")),
    ];
    servers.push(one.server, two.server);
    const at = (port: number, weight: number): Backend => ({ kind: "tcp", host: "127.0.0.1", port, weight });
    const dead: Backend = { kind: "unix", path: join(folder, "none.sock"), weight: 2 };
    const alive = [at(one.port, 3), at(two.port, 1)];
    for (const backends of [alive, [dead, ...alive]]) {
      const { gate } = await open(backends);
      const answers = [];
      for (let n = 0; n < 24; n += 1) answers.push(await answer(ask()));
      await end(gate);
      const ones = answers.filter((text) => text === "one").length;
      assert.equal(answers.filter((text) => text === "two").length, 24 - ones);
      if (backends === alive) assert.equal(ones, 18);
    }
  });

  test("answers that last keep nobody from the backends for long, however many they are", async () => {
    let count = 0;
    const { port, server } = await startBackend((socket) => {
      count += 1;
      if (count <= 4) socket.write("a stream");
      else socket.end("done");
    });
    servers.push(server);
    const { gate, report } = await open([{ kind: "tcp", host: "127.0.0.1", port, weight: 1 }]);
    put("hold", { releaseConcurrency: 2 });
    report();
    const streams = [ask(), ask(), ask(), ask()];
    await until("them to wait", () => report().held === 4);
    const others = [ask(), ask()].map(answer);
    await until("the others to wait", () => report().held === 6);
    put("up");
    assert.equal(report().held, 4, "two at once");
    assert.deepEqual(await Promise.all(others), ["done", "done"]);
    await until("the streams to be left", () => report().inflight === 4);
    for (const socket of streams) socket.destroy();
    await until("none to be left", () => report().inflight === 0);
    await end(gate);
  });

  const isOver = { expiresMs: 1000 };
  const hasEnded = async (gate: Gate): Promise<boolean> => {
    const never = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 1000).unref());
    return Promise.race([gate.through().then(() => true), never]);
  };

  test("it ends by itself once a hold is over, and nobody is there", async () => {
    const { gate, report } = await open([]);
    put("hold");
    report();
    assert.equal(await hasEnded(gate), false, "while it holds");
    put("hold", isOver);
    report();
    await gate.through();
  });

  test("it stays for whoever it is asked to stay for, and for those that are to pass when a server has no clock", async () => {
    put("hold", isOver);
    const kept = await open([]);
    assert.equal(await hasEnded(kept.gate), false, "somebody is about to need it");
    await end(kept.gate);

    const up = { ...isOver, onExpiry: "up" as const };
    for (const seesEnd of [true, false]) {
      const { gate, report } = await open([], { seesEnd });
      put("hold");
      report();
      assert.equal(await hasEnded(gate), false);
      put("hold", up);
      report();
      assert.equal(await hasEnded(gate), seesEnd);
      if (!seesEnd) await end(gate);
    }
  });
});
