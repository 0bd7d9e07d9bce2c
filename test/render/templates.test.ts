import assert from "node:assert/strict";
import { test } from "node:test";
import { createTemplates } from "../../src/render/templates.js";
import { ident } from "../../src/servers/ident.js";

const VALUES = { mode: ident("down"), site: ident("main"), spec: "/etc/fence/it's here.toml" };

test("A value that goes through an encoder is written encoded", () => {
  const render = createTemplates({ sh: (value) => `<${value}>` });
  assert.match(render("host/switch", VALUES), /-c <\/etc\/fence\/it's here\.toml> down main/);
});

test("A spec value that a template prints without an encoder is an error", () => {
  const render = createTemplates({ sh: (value) => value });
  assert.throws(() => render("host/switch", { ...VALUES, site: "main; rm -rf /" }), /without an encoder/);
});

test("A value that a template names and nobody gives is an error", () => {
  const render = createTemplates({ sh: (value) => value });
  assert.throws(() => render("host/switch", { mode: ident("down"), site: ident("main") }));
});

test("An identifier with anything but letters, digits and ._- is refused", () => {
  for (const text of ["", "a b", "a;b", "a\nb", "a/b", 'a"', "ä"]) assert.throws(() => ident(text));
});
