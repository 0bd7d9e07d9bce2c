import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { RenderedTree } from "../plan/types.js";
import type { ConfigTestResult } from "../verify/config-test.js";
import type { Planned } from "./machine.js";

/** Lets every server test its config while the tree is still aside, in a temporary folder; by name of the server. */
export async function testStagedTree(made: Planned): Promise<Map<string, ConfigTestResult>> {
  const results = new Map<string, ConfigTestResult>();
  await inTemporaryFolder(made.machine.renderTree(), async (folder) => {
    for (const { name } of made.spec.servers)
      results.set(name, await made.machine.configTest(name, join(folder, name)));
  });
  return results;
}

async function inTemporaryFolder(tree: RenderedTree, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "fence-staged-"));
  try {
    for (const file of tree.files) {
      const path = join(folder, file.path);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, file.content);
    }
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
