import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fs from "fs-extra";
import type { RenderedTree } from "../plan/types.js";
import type { Spec } from "../spec/types.js";
import type { ConfigTestResult } from "../verify/config-test.js";
import type { Planned } from "./machine.js";

/**
 * Lets every server test its config while the tree is still aside, in a temporary folder; by name of the server.
 * Pid files, sockets and folders for uploads lie there too, for nginx makes them even in a test.
 */
export async function testStagedTree({ spec, machine }: Planned): Promise<Map<string, ConfigTestResult>> {
  const results = new Map<string, ConfigTestResult>();
  const folder = await mkdtemp(join(tmpdir(), "fence-staged-"));
  try {
    const tree = await render(apart(spec, folder));
    for (const file of tree.files) await fs.outputFile(join(folder, file.path), file.content);
    for (const { name } of spec.servers) {
      await fs.ensureDir(join(folder, "run", name));
      await fs.ensureDir(join(folder, "state/servers", name));
      results.set(name, await machine.configTest(name, join(folder, name)));
    }
  } finally {
    await fs.remove(folder);
  }
  return results;
}

/** The same spec with other folders to run and to keep state in. */
function apart(spec: Spec, folder: string): Spec {
  const runDir = join(folder, "run");
  const servers = spec.servers.map((server) => {
    return { ...server, pidFile: join(runDir, server.name, "server.pid") };
  });
  return { ...spec, stateDir: join(folder, "state"), runDir, servers };
}

async function render(spec: Spec): Promise<RenderedTree> {
  const [{ planOf }, { createRenderer }, { adapterOf }] = await Promise.all([
    import("../plan/plan.js"),
    import("../render/render.js"),
    import("../servers/registry.js"),
  ]);
  return createRenderer(adapterOf).renderTree(planOf(spec, adapterOf));
}
