import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { needs } from "../support/needs.js";

const BENCH = fileURLToPath(new URL("../../bench/live.js", import.meta.url));

/** What it would measure must start: each kind's config with fence, and the same config without it. */
for (const kind of ["lighttpd", "nginx", "nginx-lua"] as const) {
  test(
    `what fence costs on ${kind} is measured against the same config without it`,
    needs(kind),
    async () => {
      const args = [BENCH, "--server", kind, "--rounds", "1", "--seconds", "0.1"];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      for (const target of ["static 1 KB", "proxied 1 KB"]) {
        const row = stdout.split("\n").find((line) => line.includes(target));
        assert.match(row ?? "", /\d\.\d/, stdout);
      }
    },
  );
}
