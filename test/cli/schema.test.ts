import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { OUTPUTS, outputSchema, type OutputName } from "../../src/cli/output-schema.js";
import { jsonSchema } from "../../src/spec/json-schema.js";
import { fence, ROOT } from "./run-fence.js";

const FOLDER = path.join(ROOT, "schema");
const names = Object.keys(OUTPUTS) as OutputName[];

const files = new Map<string, object>([
  ["fence.schema.json", jsonSchema()],
  ...names.map((name) => [`${name}.schema.json`, outputSchema(name)] as const),
]);

describe("the schemas in schema/", () => {
  test("are those of this fence, and there are no others", () => {
    if (process.env["UPDATE"] === "1") {
      mkdirSync(FOLDER, { recursive: true });
      for (const [name, schema] of files) writeFileSync(path.join(FOLDER, name), textOf(schema));
    }
    assert.deepEqual(readdirSync(FOLDER).sort(), [...files.keys()].sort());
    for (const [name, schema] of files)
      assert.equal(readFileSync(path.join(FOLDER, name), "utf8"), textOf(schema), name);
  });

  test("are what fence schema prints", async () => {
    for (const [of, file] of [
      [[], "fence"],
      [["status"], "status"],
      [["event"], "event"],
    ] as const) {
      const { code, stdout } = await fence(["schema", ...of]);
      assert.equal(code, 0);
      assert.equal(stdout, readFileSync(path.join(FOLDER, `${file}.schema.json`), "utf8"));
    }
  });

  test("a schema that there is not is a wrong use, and the nearest is suggested", async () => {
    const { code, stderr } = await fence(["schema", "statsu"]);
    assert.equal(code, 64);
    assert.match(stderr, /did you mean status\?/);
  });

  test("refuse an object without what they promise", () => {
    const version = { schema: "fence/version@1", version: "1.0.0", node: "20.19.0" };
    assert.equal(OUTPUTS.version.safeParse({ ...version, further: 1 }).success, true);
    assert.equal(OUTPUTS.version.safeParse({ ...version, node: undefined }).success, false);
    assert.equal(OUTPUTS.version.safeParse({ ...version, schema: "fence/version@2" }).success, false);
  });
});

function textOf(schema: object): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}
