import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { inFolder } from "../cli/run-fence.js";
import { needs } from "../support/needs.js";

const run = promisify(execFile);

/** Copies of the rendered units that have a program that is there. */
function copiesIn(folder: string): string[] {
  const copies = new Map<string, string>();
  for (const name of ["proxy", "workers"]) {
    const rendered = `snapshots/render/${name}/rendered`;
    for (const unit of readdirSync(rendered).filter((file) => /\.(?:service|timer)$/.test(file))) {
      const text = readFileSync(join(rendered, unit), "utf8").replace(/^(Exec\w+=)fence /gm, "$1/bin/true ");
      writeFileSync(join(folder, unit), text);
      copies.set(unit, join(folder, unit));
    }
  }
  assert.ok(copies.has("fence-proxy-web.service"));
  return [...copies.values()];
}

test("systemd takes the rendered units without a word", needs("systemd"), async () => {
  await inFolder(async (folder) => {
    const { stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", ...copiesIn(folder)]);
    assert.equal(stdout + stderr, "");
  });
});

/** Of 10, where 10 is a service that nothing is kept from. The unit of workers is none of these: what they may do is theirs. */
const EXPOSURE_MAX = { "fence-proxy-web.service": 5.5, "fence-watch.service": 6.5 } as const;

test("systemd finds the units as closed as they are said to be", needs("systemd"), async () => {
  await inFolder(async (folder) => {
    const units = copiesIn(folder);
    for (const [name, most] of Object.entries(EXPOSURE_MAX)) {
      const unit = units.find((file) => file.endsWith(`/${name}`)) ?? "";
      const { stdout } = await run("systemd-analyze", ["security", "--offline=true", "--no-pager", unit]);
      const [, level] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
      assert.ok(Number(level) <= most, `${name}: ${level}\n${stdout}`);
      for (const kept of ["NoNewPrivileges=", "ProtectKernelModules=", "RestrictSUIDSGID="])
        assert.match(stdout, new RegExp(`^\\S*✓\\S* ${kept}`, "m"), name);
    }
  });
});
