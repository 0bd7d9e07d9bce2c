import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createMachine } from "../../src/apply/machine.js";
import type { FenceError } from "../../src/base/errors.js";
import { planOf } from "../../src/plan/plan.js";
import { createRenderer } from "../../src/render/render.js";
import { adapterOf } from "../../src/servers/registry.js";
import { loadSpec } from "../../src/spec/load.js";

const folder = mkdtempSync(join(tmpdir(), "fence-refusing-"));
after(() => rmSync(folder, { recursive: true }));

/** The error of rendering a spec with one line more for the server. */
async function refusal(kind: string, line: string): Promise<FenceError> {
  const file = join(folder, "fence.toml");
  const text = `[server.web]
kind = "${kind}"
listen = ["127.0.0.1:8080"]
${line}
[site.main]
hosts = ["main.test"]
[[site.main.route]]
path = "/x/"
dir = "/srv/x"
`;
  writeFileSync(file, text);
  const plan = planOf(await loadSpec(file), adapterOf);
  try {
    createMachine(plan, createRenderer(adapterOf), adapterOf).renderTree();
  } catch (error) {
    return error as FenceError;
  }
  return assert.fail(`${line} was rendered`);
}

test("a value that a config language cannot carry is an error of the spec, at its line", async () => {
  const lines = [
    [`pid_file = '/run/odd\\'`, 12],
    [`pid_file = "/run/odd\\\\"`, 12],
    [`pid_file = 'odd\\'`, 13],
  ] as const;
  for (const [line, column] of lines) {
    const { code, diagnostics } = await refusal("lighttpd", line);
    assert.equal(code, "spec-invalid");
    const [only] = diagnostics;
    assert.equal(only?.line, 4, line);
    assert.ok((only?.column ?? 0) >= column, line);
    assert.match(only?.message ?? "", /cannot end with a backslash/);
    assert.equal(only?.source, line);
  }
});
