import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { inFolder } from "../cli/run-fence.js";
import { needs } from "../support/needs.js";

const run = promisify(execFile);

test("systemd takes the rendered units without a word", needs("systemd"), async () => {
  await inFolder(async (folder) => {
    const units: string[] = [];
    for (const name of ["proxy", "workers"]) {
      const rendered = `snapshots/render/${name}/rendered`;
      for (const unit of readdirSync(rendered).filter((file) => /\.(?:service|timer)$/.test(file))) {
        const path = join(folder, unit);
        // The program need not be installed here.
        const text = readFileSync(join(rendered, unit), "utf8").replace(
          /^(Exec\w+=)fence /gm,
          "$1/bin/true ",
        );
        writeFileSync(path, text);
        units.push(path);
      }
    }
    assert.ok(units.some((path) => path.endsWith("fence-proxy-web.service")));
    const { stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", ...new Set(units)]);
    assert.equal(stdout + stderr, "");
  });
});
