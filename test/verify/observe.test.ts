import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Plan } from "../../src/plan/types.js";
import type { Listen } from "../../src/spec/types.js";
import { observe } from "../../src/verify/observe.js";
import { findMaster } from "../../src/verify/running.js";
import { planOf, temporaryFolder } from "../support/fake-machine.js";
import { httpAt } from "../support/listen.js";

const listeners: Server[] = [];
after(() => listeners.forEach((listener) => listener.close()));

/** Takes connections and never answers. */
async function silent(): Promise<{ listen: Listen; taken: () => number }> {
  let taken = 0;
  const listener = createServer((socket) => {
    taken += 1;
    socket.resume().on("error", () => {});
  });
  listeners.push(listener);
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  return { listen: httpAt(port), taken: () => taken };
}

function planWith(listens: readonly Listen[], hosts: readonly string[]): Plan {
  const plan = planOf(join(temporaryFolder(), "world"));
  const servers = plan.spec.servers.map((server) => ({ ...server, listen: listens }));
  const sites = plan.spec.sites.map((site) => ({ ...site, hosts, listen: { web: listens, edge: listens } }));
  return { ...plan, spec: { ...plan.spec, servers, sites } };
}

test("silent listeners hold up a look for one timeout, however many names and listeners there are", async () => {
  const listeners = [await silent(), await silent(), await silent()];
  const hosts = Array.from({ length: 80 }, (_, index) => `h${index}.test`);
  const plan = planWith(
    listeners.map(({ listen }) => listen),
    hosts,
  );
  const [point] = plan.switchPoints;
  assert.ok(point);
  const began = performance.now();
  const seen = await observe(plan, point);
  assert.ok(performance.now() - began < 20_000 / 2, "ten timeouts in a row would take 20 s");
  assert.equal(seen.mode, "unknown");
  for (const { taken } of listeners) assert.ok(taken() < 20, String(taken()));
});

test("without a pid file, a port that is not closed leaves it open whether the server runs", async () => {
  const { listen } = await silent();
  const [server] = planWith([listen], ["a.test"]).spec.servers;
  assert.ok(server);
  assert.equal((await findMaster(server)).running, "unknown");
  const gone = listeners.at(-1);
  await new Promise((resolve) => gone?.close(resolve));
  assert.equal((await findMaster(server)).running, "no");
});

test("workers that have outlived their master are told as what they are likely to be", async () => {
  const { listen } = await silent();
  const [server] = planWith([listen], ["a.test"]).spec.servers;
  assert.ok(server);
  const pidFile = join(temporaryFolder(), "server.pid");
  // No process has it: the highest is 4194304.
  writeFileSync(pidFile, "4194305");
  const { running, problem } = await findMaster({ ...server, pidFile });
  assert.equal(running, "unknown");
  assert.match(
    problem ?? "",
    /has ended, but port \d+ is not closed: end the workers that have outlived it and start web/,
  );
  writeFileSync(pidFile, String(process.pid));
  assert.match(
    (await findMaster({ ...server, pidFile })).problem ?? "",
    /is not closed: set pid_file of \[server.web\]$/,
  );
});

test("a FIFO or an endless file in place of the pid file holds nothing up", async () => {
  const folder = temporaryFolder();
  const [server] = planWith([], ["a.test"]).spec.servers;
  assert.ok(server);
  const pidFile = join(folder, "fifo");
  execFileSync("mkfifo", [pidFile]);
  assert.equal((await findMaster({ ...server, pidFile })).running, "no");
  assert.equal((await findMaster({ ...server, pidFile: "/dev/zero" })).running, "no");
});
