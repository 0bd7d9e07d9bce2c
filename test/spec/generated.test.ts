import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { jsonSchema, type SchemaNode } from "../../src/spec/json-schema.js";
import { DEFAULTS } from "../../src/spec/defaults.js";
import { parseSpec } from "../../src/spec/parse.js";
import { specReference } from "../../src/spec/reference.js";
import { starterSpec } from "../../src/spec/starter.js";
import { SERVER_KINDS } from "../../src/spec/types.js";

const REFERENCE = fileURLToPath(new URL("../../../docs/spec.md", import.meta.url));

test("docs/spec.md is what the schema says", () => {
  assert.equal(readFileSync(REFERENCE, "utf8"), specReference());
});

describe("The starter spec", () => {
  for (const kind of SERVER_KINDS) {
    test(`of ${kind} is valid, with and without its comments taken off`, () => {
      const text = starterSpec(kind, { hostname: "shop.example.com" });
      const spec = parseSpec(text, "/etc/fence/fence.toml", () => "<p>");
      assert.equal(spec.servers[0]?.kind, kind);
      assert.deepEqual(spec.sites[0]?.hosts, ["shop.example.com"]);
      const lines = text.split("\n");
      // Each commented line of a key or a table is an example; one that stands for another replaces it.
      const examples = lines.map((line) => line.replace(/^# (?=\[|[a-z_]+ = )/, ""));
      const keys = new Set<string>();
      const chosen = examples.reverse().filter((line) => {
        if (/^\[/.test(line)) keys.clear();
        const key = /^[a-z_]+(?= = )/.exec(line)?.[0];
        if (key === undefined) return true;
        const isNew = !keys.has(key);
        keys.add(key);
        return isNew;
      });
      parseSpec(chosen.reverse().join("\n"), "/etc/fence/fence.toml", () => "<p>");
    });

    test(`of ${kind} names the files that a config of one's own includes`, () => {
      const text = starterSpec(kind);
      if (kind === "proxy") assert.match(text, /fence proxy run web/);
      else if (kind === "lighttpd") assert.match(text, /include "<output>\/web\/gate\.conf"/);
      else
        assert.match(
          text,
          /include <output>\/web\/gate\.http\.conf;[^]*include <output>\/web\/gate\.main\.conf;/,
        );
    });
  }

  for (const kind of SERVER_KINDS.filter((one) => one !== "proxy")) {
    test(`of ${kind} for a config of one's own is valid, and says where the lines go`, () => {
      const text = starterSpec(kind, { include: { pidFile: null, sites: [] } });
      const spec = parseSpec(text, "/etc/fence/fence.toml", () => "<p>");
      assert.equal(spec.servers[0]?.config, "include");
      assert.deepEqual(spec.upstreams, []);
      assert.match(text, /^# {5}include "?<output>\/web\/gate\./m);
      assert.doesNotMatch(text, /You have a config already|^upstream|route/m);
    });
  }

  test("refuses a host name that would end its string", () => {
    assert.throws(() => starterSpec("nginx", { hostname: 'a"\n[x]' }));
  });
});

describe("The JSON Schema", () => {
  const schema = jsonSchema();

  test("is of draft 4, which editors of TOML understand", () => {
    assert.equal((schema as { $schema?: string }).$schema, "http://json-schema.org/draft-04/schema#");
  });

  test("describes every key and refuses every other", () => {
    const lacking: string[] = [];
    const visit = (node: SchemaNode, path: string): void => {
      if (node.properties && node.additionalProperties !== false) lacking.push(`${path} takes any key`);
      for (const [key, inner] of Object.entries(node.properties ?? {})) {
        if (inner.description === undefined) lacking.push(`${path}.${key}`);
        visit(inner, `${path}.${key}`);
      }
      if (node.additionalProperties) visit(node.additionalProperties, `${path}.NAME`);
      if (node.items) visit(node.items, `${path}[]`);
      for (const form of node.anyOf ?? []) visit(form, path);
    };
    visit(schema, "");
    assert.deepEqual(lacking, []);
  });

  test("has every default of the table", () => {
    const text = JSON.stringify(schema);
    const defaults = Object.values(DEFAULTS).filter(({ value }) => value !== null);
    assert.equal(text.match(/"default":/g)?.length, defaults.length);
  });
});
