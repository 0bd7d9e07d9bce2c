#!/usr/bin/env node
/**
 * Compiles fence: the sources; the templates, which a command would else compile each time that it renders; and of
 * both the bundle that bin/fence.js runs.
 *
 *   node bin/build.mjs
 */
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import Handlebars from "handlebars";
import { bundle } from "./bundle.mjs";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const TEMPLATES = path.join(ROOT, "templates");
const END = ".hbs";
/** Its types are those of src/base/compiled-templates.d.ts. */
const COMPILED = path.join(ROOT, "build/src/base/compiled-templates.js");
const BUNDLE = path.join(ROOT, "build/bundle");

const tsc = path.join(ROOT, "node_modules/typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", ROOT], { stdio: "inherit" });
if (status !== 0) process.exit(1);
writeFileSync(COMPILED, compiledTemplates());
rmSync(BUNDLE, { recursive: true, force: true });
await bundle(BUNDLE);

/** A module of all templates, by their names below the folder. */
function compiledTemplates() {
  const names = readdirSync(TEMPLATES, { recursive: true })
    .filter((file) => file.endsWith(END))
    .map((file) => file.slice(0, -END.length).replaceAll(path.sep, "/"))
    .sort();
  const texts = names.map((name) => readFileSync(path.join(TEMPLATES, `${name}${END}`), "utf8"));
  const partials = texts.flatMap((text) => [...text.matchAll(/\{\{> "?([^\s"}]+)/g)].map(([, name]) => name));
  const entries = names.map((name, index) => `${JSON.stringify(name)}: ${compiled(name, texts[index])}`);
  return [
    `export const TEMPLATES = {\n${entries.join(",\n")}\n};`,
    `export const PARTIALS = ${JSON.stringify([...new Set(partials)])};\n`,
  ].join("\n");
}

/** A page is HTML, and Handlebars escapes for it; in all else each value goes through an encoder of its own. */
function compiled(name, text) {
  return Handlebars.precompile(text, { strict: true, noEscape: !name.startsWith("page/") });
}
