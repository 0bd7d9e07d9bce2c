import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { needs } from "../support/needs.js";
import { createWorld } from "../support/world.js";

const KINDS = ["nginx", "nginx-lua"] as const;

for (const mode of ["up", "down"] as const) {
  test(
    `a site that is ${mode} stays so when its nginx gets Lua, and when it loses it again`,
    needs("nginx-lua", "root"),
    async () => {
      const world = await createWorld({ kind: "nginx" });
      try {
        assert.equal((await world.fence("apply")).code, 0);
        await world.start();
        assert.equal((await world.fence(mode, "main")).code, 0);
        for (const kind of [...KINDS].reverse()) {
          const other = KINDS.find((one) => one !== kind);
          const spec = readFileSync(world.specFile, "utf8").replace(`kind = "${other}"`, `kind = "${kind}"`);
          writeFileSync(world.specFile, spec);
          const applied = await world.fence("apply", "--reload");
          assert.equal(applied.code, 0, applied.stdout + applied.stderr);
          const answer = await world.get();
          assert.equal(answer.status, mode === "up" ? 200 : 503, kind);
          if (mode === "down") assert.match(answer.body, /Down for maintenance/);
        }
      } finally {
        await world.end();
      }
    },
  );
}
