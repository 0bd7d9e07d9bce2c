import assert from "node:assert/strict";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  chmodSync,
} from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { RenderedTree } from "../../src/plan/types.js";
import { planOf } from "../../src/plan/plan.js";
import { createRenderer } from "../../src/render/render.js";
import { adapterOf } from "../../src/servers/registry.js";
import { parseSpec } from "../../src/spec/parse.js";
import type { Spec } from "../../src/spec/types.js";
import { configTest } from "../../src/verify/config-test.js";
import { needs } from "../support/needs.js";

/**
 * snapshots/render/<case>/fence.toml → snapshots/render/<case>/rendered/…, byte for byte, and each rendered config
 * through the server's own config test. `UPDATE=1` rewrites the snapshots.
 */
const SNAPSHOTS = fileURLToPath(new URL("../../../snapshots/render", import.meta.url));
const UPDATE = process.env["UPDATE"] === "1";
const cases = readdirSync(SNAPSHOTS).sort();

/** A case as if its folder were `etc`; the other folders of the spec are replaced alike. */
function load(name: string, place: { etc: string; state: string; run: string }): Spec {
  const folder = join(SNAPSHOTS, name);
  const text = readFileSync(join(folder, "fence.toml"), "utf8")
    .replaceAll("/etc/fence", place.etc)
    .replaceAll("/var/lib/fence", place.state)
    .replaceAll("/run/fence", place.run);
  return parseSpec(text, `${place.etc}/fence.toml`, (path) =>
    readFileSync(path.replace(place.etc, folder), "utf8"),
  );
}

function render(spec: Spec): RenderedTree {
  return createRenderer(adapterOf).renderTree(planOf(spec, adapterOf));
}

const INSTALLED = { etc: "/etc/fence", state: "/var/lib/fence", run: "/run/fence" };

describe("Each spec renders exactly its snapshot", () => {
  for (const name of cases) {
    test(name, () => {
      const tree = render(load(name, INSTALLED));
      const folder = join(SNAPSHOTS, name, "rendered");
      if (UPDATE) {
        rmSync(folder, { recursive: true, force: true });
        write(folder, tree);
      }
      const expected = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .sort();
      assert.deepEqual(tree.files.map((file) => file.path).sort(), expected);
      for (const file of tree.files)
        assert.equal(file.content, readFileSync(join(folder, file.path), "utf8"), file.path);
    });
  }
});

test("The same spec gives the same bytes and the same digest every time", () => {
  for (const name of cases) assert.deepEqual(render(load(name, INSTALLED)), render(load(name, INSTALLED)));
});

describe("The server's own config test passes on each rendered config", () => {
  const root = mkdtempSync(join(tmpdir(), "fence-snapshots-"));
  const certificates = join(root, "certificates");
  before(() => {
    chmodSync(root, 0o755);
    mkdirSync(certificates);
    for (const name of ["main", "shop"]) certificate(certificates, name);
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  for (const name of cases) {
    test(name, needs("root", "openssl", "lighttpd", "lighttpd-tls", "nginx", "nginx-lua"), async () => {
      const etc = join(root, name);
      const place = { etc, state: join(etc, "state"), run: join(etc, "run") };
      const spec = load(name, place);
      write(join(etc, "rendered"), render(spec));
      cpSync(certificates, join(etc, "tls"), { recursive: true });
      for (const server of spec.servers) {
        mkdirSync(join(place.run, server.name), { recursive: true });
        mkdirSync(join(place.state, "servers", server.name), { recursive: true });
        const result = await configTest(adapterOf(server.kind), server, join(etc, "rendered", server.name));
        const wanted = server.config === "include" || server.kind === "proxy" ? "skipped" : "passed";
        assert.equal(result.result, wanted, `${result.command}\n${result.output}`);
      }
    });
  }
});

function write(folder: string, tree: RenderedTree): void {
  for (const file of tree.files) {
    const path = join(folder, file.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.content);
  }
}

function certificate(folder: string, name: string): void {
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      `/CN=${name}.test`,
      "-keyout",
      join(folder, `${name}.key`),
      "-out",
      join(folder, `${name}.crt`),
    ],
    { stdio: "ignore" },
  );
}
