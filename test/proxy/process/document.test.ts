import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { FenceError } from "../../../src/base/errors.js";
import { readDocument } from "../../../src/proxy/process/document.js";

const ROOT = new URL("../../../../", import.meta.url);
const SNAPSHOT = new URL("snapshots/render/proxy/rendered/web/proxy.json", ROOT);

describe("the document of the proxy", () => {
  const folder = mkdtempSync(join(tmpdir(), "fence-document-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const text = readFileSync(SNAPSHOT, "utf8");

  /** What reading a changed document throws. */
  function refused(change: string): FenceError {
    const file = join(folder, "proxy.json");
    writeFileSync(file, change);
    try {
      readDocument(file);
    } catch (error) {
      assert.ok(error instanceof FenceError);
      return error;
    }
    throw new Error("it was taken");
  }

  test("What is rendered is read, with its digest", () => {
    const file = join(folder, "whole.json");
    writeFileSync(file, text);
    const config = readDocument(file);
    const { spec, server, sha256 } = config;
    assert.match(sha256, /^[0-9a-f]{64}$/);
    assert.equal(server.name, "web");
    for (const site of spec.sites) assert.match(config.activeOf(site), new RegExp(`/${site.name}$`));
  });

  test("One that is not there, is no JSON or of another version is refused with what to do", () => {
    assert.throws(
      () => readDocument(join(folder, "none.json")),
      (error: FenceError) => error.code === "not-applied" && /fence apply/.test(error.hint ?? ""),
    );
    for (const [change, message] of [
      ["{", /is no JSON/],
      ["null", /its schema is null/],
      ["[]", /its schema is null/],
      [text.replace("fence/proxy@1", "fence/proxy@999"), /its schema is "fence\/proxy@999"/],
    ] as const) {
      const error = refused(change);
      assert.equal(error.code, "server-unfit");
      assert.match(error.message, message);
      assert.match(error.hint ?? "", /fence apply/);
    }
  });

  test("A key too few or too many is told: it is not passed over", () => {
    for (const [from, to, message] of [
      [/"pidFile": "[^"]*",?/, "", /its server has no pidFile/],
      [
        '"workers":',
        '"threads": 1, "workers":',
        /its server has a threads, which this version does not know/,
      ],
      ['"backends":', '"rear":', /upstreams\[0\] has no backends/],
      ['"hosts":', '"names":', /sites\[0\] has no hosts/],
      ['"corsOrigins":', '"cors":', /its maintenance has no corsOrigins/],
      [/"sites": \[/, '"sites": {}, "x": [', /it has a x/],
    ] as const) {
      // A comma that is left over is no part of what is tested.
      assert.match(refused(text.replace(from, to).replace(/,(\s*[}\]])/g, "$1")).message, message);
    }
  });
});
