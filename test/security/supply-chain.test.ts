import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { read, ROOT } from "../tidy/project.js";

interface Locked {
  version: string;
  integrity?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  hasInstallScript?: true;
}

const PACKAGES = Object.entries(
  (JSON.parse(read("package-lock.json")) as { packages: Record<string, Locked> }).packages,
).filter(([path]) => path !== "");

/** Standard output of a program that ended with 0. */
function output(program: string, args: readonly string[], cwd = ROOT): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8", timeout: 300_000 });
  assert.equal(status, 0, `${program} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

test("Every package is locked by its hash, and none that fence needs has a script for its installation", () => {
  assert.ok(PACKAGES.length > 100);
  assert.deepEqual(
    PACKAGES.filter(([, { integrity }]) => integrity?.startsWith("sha512-") !== true).map(([path]) => path),
    [],
  );
  // That of esbuild only looks whether its program, a package of its own, fits the machine.
  assert.deepEqual(
    PACKAGES.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path),
    ["node_modules/esbuild"],
  );
});

test("The bill of materials names each package that any of run time needs, and no other", () => {
  const made = output(process.execPath, ["bin/sbom.mjs"]);
  const { components } = JSON.parse(made) as { components: { name: string; version: string }[] };
  const named = components.map(({ name, version }) => `${name}@${version}`);
  assert.deepEqual([...new Set(named)].sort(), [...neededAtRunTime()].sort());
  assert.equal(output(process.execPath, ["bin/sbom.mjs"]), made);
});

/** Walks what package.json names, as Node finds it: the nearest `node_modules` counts. */
function neededAtRunTime(): Set<string> {
  const byPath = new Map(PACKAGES);
  const found = new Set<string>();
  const walk = (folder: string, { dependencies = {}, optionalDependencies = {} }: Partial<Locked>): void => {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      let base = folder;
      while (base !== "" && !byPath.has(`${base}/node_modules/${name}`))
        base = base.replace(/\/?node_modules\/(?:@[^/]+\/)?[^/]+$/, "");
      const path = `${base === "" ? "" : `${base}/`}node_modules/${name}`;
      const locked = byPath.get(path);
      if (locked === undefined) continue;
      const text = `${name}@${locked.version}`;
      if (found.has(text)) continue;
      found.add(text);
      walk(path, locked);
    }
  };
  walk("", JSON.parse(read("package.json")) as Locked);
  return found;
}
