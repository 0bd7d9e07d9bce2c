import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Machine } from "../../src/apply/machine.js";
import { serversBehind } from "../../src/apply/reload.js";
import { whyReloadEnds } from "../../src/apply/reload-risk.js";
import type { Plan } from "../../src/plan/types.js";
import { fakeMachine, planOf, temporaryFolder } from "../support/fake-machine.js";
import { needs } from "../support/needs.js";

const NOTHING_RENDERED = { manifest: null, files: [] };

test("A config of the user's own that does not show the gates has to reload", async () => {
  const folder = temporaryFolder();
  const plan = withServers(planOf(folder), { config: "include" });
  const blind = await serversBehind(plan, fakeMachine(), NOTHING_RENDERED);
  assert.deepEqual(
    [...blind],
    [
      ["web", "since-before"],
      ["edge", "since-before"],
    ],
  );
  const observe: Machine["observe"] = async (point) => ({
    ...(await fakeMachine().observe(point)),
    mode: "up",
  });
  assert.equal((await serversBehind(plan, fakeMachine({ observe }), NOTHING_RENDERED)).size, 0);
  assert.equal((await serversBehind(planOf(folder), fakeMachine(), NOTHING_RENDERED)).size, 0);
});

test("lighttpd that is no longer root is not reloaded into its end", needs("root"), async () => {
  const folder = temporaryFolder();
  const socket = join(folder, "run/web/control.sock");
  mkdirSync(join(folder, "run/web"), { recursive: true });
  const plain = planOf(folder);
  const plan = {
    ...plain,
    switchPoints: plain.switchPoints.map((point) => ({ ...point, controlSocket: socket })),
  };
  const process = spawn("sleep", ["600"], { uid: 65534, gid: 65534, stdio: "ignore" });
  const findMaster: Machine["findMaster"] = async () => {
    return { running: "yes", pid: process.pid ?? null, problem: null };
  };
  const ask = async (more: Partial<Machine> = {}, name = 0): Promise<string | null> => {
    const server = plan.spec.servers[name];
    assert.ok(server);
    return whyReloadEnds(plan, { ...fakeMachine(), findMaster, ...more }, server);
  };
  const control = createServer((connection) => connection.destroy());
  try {
    assert.match((await ask()) ?? "", /^its user may not make a socket in .*\/run\/web$/);
    assert.equal(await ask({}, 1), null, "nginx stays root");
    const asRoot = await ask({ findMaster: async () => ({ running: "yes", pid: 1, problem: null }) });
    assert.equal(asRoot, null);
    await new Promise<void>((resolve) => control.listen(socket, resolve));
    assert.equal(await ask(), null);
    const whyUnreadable = async (): Promise<string> => "user 65534 may not read it";
    assert.equal(await ask({ whyUnreadable }), "user 65534 may not read it");
  } finally {
    process.kill();
    control.close();
  }
});

function withServers(plan: Plan, part: Partial<Plan["spec"]["servers"][number]>): Plan {
  const servers = plan.spec.servers.map((server) => ({ ...server, ...part }));
  return { ...plan, spec: { ...plan.spec, servers } };
}
