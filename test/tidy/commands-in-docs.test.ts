import assert from "node:assert/strict";
import { test } from "node:test";
import { createProgram } from "../../src/cli/program.js";
import { filesBelow, read } from "./project.js";

const program = createProgram(() => Promise.resolve());
const VALUE_OF_GLOBAL = new Set(["-c", "--config", "-C"]);

/** A command line of fence in a document: in a block of code, or between backticks. */
const COMMAND_LINE = /(?:^ {4}(?:.*?(?:&&|\||;) )?|`(?:[^`\n]*?&& )?)fence ([^`\n#]*)/gm;

/** What is wrong with it; null: nothing. */
function faultOf(line: string): string | null {
  // What follows is another program's, or what fence prints.
  const [own = ""] = line.split(/ -- | && | \|\|? | \\\||; /);
  const words = own.trim().split(/\s+/);
  const before: string[] = [];
  while (words[0]?.startsWith("-") === true) {
    const flag = words.shift() ?? "";
    before.push(flag);
    if (VALUE_OF_GLOBAL.has(flag)) words.shift();
  }
  const [name = "", ...rest] = words;
  const command = name === "" ? program : program.commands.find((one) => one.name() === name);
  if (command === undefined) return `there is no command ${name}`;
  const flags = new Set(
    [...program.options, ...command.options]
      .flatMap(({ short, long }) => [short, long])
      .concat("--help", "-h"),
  );
  const unknown = [...before, ...rest]
    .filter((word) => /^--?[a-zA-Z]/.test(word))
    .map((word) => word.replace(/[=,.;:)]+.*$/, ""))
    .filter((word) => !flags.has(word));
  return unknown.length === 0 ? null : `${name} has no ${unknown.join(", ")}`;
}

test("every command line of fence in a document is one that fence takes", () => {
  const documents = filesBelow(".").filter((file) => /^(README|docs\/.*|examples\/.*)\.?(md)$/.test(file));
  const found = documents.flatMap((file) =>
    [...read(file).matchAll(COMMAND_LINE)].map(([, line = ""]) => ({ file, line })),
  );
  assert.ok(found.length > 100, `${found.length}`);
  assert.deepEqual(
    found.flatMap(({ file, line }) => {
      const fault = faultOf(line);
      return fault === null ? [] : [`${file}: fence ${line.trim()}: ${fault}`];
    }),
    [],
  );
});

test("the look at a command line sees what is wrong with one", () => {
  assert.equal(faultOf('-c FILE down main --for 20m --reason "x"'), null);
  assert.equal(faultOf("run main -- ./deploy.sh --force"), null);
  assert.equal(faultOf("donw main"), "there is no command donw");
  assert.equal(faultOf("down main --fro 20m"), "down has no --fro");
});
