import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { FenceError, type ErrorCode } from "../../src/base/errors.js";
import { findSpec, loadSpec } from "../../src/spec/load.js";
import { needs } from "../support/needs.js";

const SPEC = `[server.web]
kind = "nginx"
listen = ["0.0.0.0:80"]
[upstream.app]
backends = ["127.0.0.1:8080"]
[site.main]
hosts = ["www.example.com"]
upstream = "app"
`;
const NOBODY = 65_534;

const root = mkdtempSync(join(tmpdir(), "fence-load-"));
after(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

/** A new folder with these files. */
function folder(files: Record<string, string | Uint8Array> = {}): string {
  const path = join(root, String((count += 1)));
  mkdirSync(path);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

async function fails(path: string, code: ErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(loadSpec(path), (error: unknown) => {
    assert.ok(error instanceof FenceError);
    assert.equal(error.code, code);
    assert.match(
      error.message + error.diagnostics.map((diagnostic) => diagnostic.message).join("\n"),
      message,
    );
    return true;
  });
}

describe("A spec is read from its file", () => {
  test("relative paths start from its folder; its hash is that of its bytes", async () => {
    const bytes = Buffer.from(`\ufeffoutput = "out"\n${SPEC}[site.main.maintenance]\npage = "page.html"\n`);
    const path = folder({ "fence.toml": bytes, "page.html": "\ufeff<p>" });
    const spec = await loadSpec(join(path, "fence.toml"));
    assert.equal(spec.file, join(path, "fence.toml"));
    assert.equal(spec.outputDir, join(path, "out"));
    assert.equal(spec.sites[0]?.maintenance.pageHtml, "<p>");
    assert.equal(spec.sha256, createHash("sha256").update(bytes).digest("hex"));
  });

  test("one that is not there, or below a file, is not found", async () => {
    const path = folder({ "fence.toml": SPEC });
    await fails(join(path, "other.toml"), "spec-not-found", /there is no/);
    await fails(join(path, "fence.toml", "x"), "spec-not-found", /there is no/);
  });

  test("a folder, a file of more than a mebibyte, of other bytes than UTF-8, or with a NUL is not read", async () => {
    const path = folder({ big: "#".repeat((1 << 20) + 1), latin: Buffer.from([0x23, 0xe9]), nul: "#\0" });
    await fails(path, "spec-unreadable", /not a file/);
    await fails(join(path, "big"), "spec-unreadable", /larger than 1048576 bytes/);
    await fails(join(path, "latin"), "spec-unreadable", /not valid UTF-8/);
    await fails(join(path, "nul"), "spec-unreadable", /NUL/);
    symlinkSync("circle", join(path, "circle"));
    await fails(join(path, "circle"), "spec-unreadable", /circle \(ELOOP\)/);
  });

  test("a page that cannot be used is a problem of the spec", async () => {
    const path = folder({
      big: "x".repeat(512 * 1024 + 1),
      latin: Buffer.from([0xe9]),
      nul: "\0",
      blank: "\n",
    });
    const cases: [string, RegExp][] = [
      ["missing.html", /no such file/],
      [".", /not a file/],
      ["big", /larger than 524288 bytes/],
      ["latin", /not valid UTF-8/],
      ["nul", /NUL/],
      ["blank", /it is empty/],
    ];
    for (const [page, message] of cases) {
      writeFileSync(join(path, "fence.toml"), `${SPEC}[site.main.maintenance]\npage = "${page}"\n`);
      await fails(join(path, "fence.toml"), "spec-invalid", message);
    }
  });
});

describe("Which spec is used", () => {
  const find = (cwd: string, options: { explicit?: string; env?: Record<string, string> } = {}): string =>
    findSpec({ explicit: options.explicit, cwd, env: { HOME: root, ...options.env } });

  test("-c wins over FENCE_CONFIG, and that over the folder's; all as absolute paths", () => {
    const path = folder({ "fence.toml": SPEC });
    assert.equal(find(path, { explicit: "a.toml", env: { FENCE_CONFIG: "b.toml" } }), join(path, "a.toml"));
    assert.equal(find(path, { env: { FENCE_CONFIG: "b.toml" } }), join(path, "b.toml"));
    assert.equal(find(path, { env: { FENCE_CONFIG: "" } }), join(path, "fence.toml"));
  });

  test("the nearest fence.toml above, up to a repository's root and no further", () => {
    const path = folder({ "fence.toml": SPEC });
    mkdirSync(join(path, "a", "b"), { recursive: true });
    assert.equal(find(join(path, "a", "b")), join(path, "fence.toml"));
    mkdirSync(join(path, "a", ".git"));
    assert.throws(() => find(join(path, "a", "b")), { code: "spec-not-found" });
  });

  test("the home folder is the last one looked into", () => {
    const path = folder({ "fence.toml": SPEC });
    mkdirSync(join(path, "home", "x"), { recursive: true });
    const env = { HOME: join(path, "home") };
    assert.throws(() => find(join(path, "home", "x"), { env }), { code: "spec-not-found" });
    writeFileSync(join(path, "home", "fence.toml"), SPEC);
    assert.equal(find(join(path, "home", "x"), { env }), join(path, "home", "fence.toml"));
  });

  test("root takes none that it did not name and that somebody else can write", needs("root"), () => {
    const path = folder({ "fence.toml": SPEC });
    const file = join(path, "fence.toml");
    chmodSync(file, 0o666);
    assert.throws(() => find(path), { code: "state-not-safe", message: /writable by others/ });
    chmodSync(file, 0o644);
    chownSync(file, NOBODY, NOBODY);
    assert.throws(() => find(path), { code: "state-not-safe", message: /belongs to user 65534/ });
    assert.equal(find(path, { env: { SUDO_UID: String(NOBODY) } }), file);
    assert.equal(find(path, { explicit: file }), file);
  });
});
