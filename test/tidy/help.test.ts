import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "commander";
import { createProgram } from "../../src/cli/program.js";
import { filesBelow, read } from "./project.js";

const program = createProgram(() => Promise.resolve());

test("every flag of every command is in its help snapshot", () => {
  const missing = [program, ...program.commands].flatMap((command) => {
    const text = helpSnapshot(command);
    return command.options
      .filter((option) => !option.hidden && !text.includes(option.flags))
      .map((option) => `${command.name()}: ${option.flags}`);
  });
  assert.deepEqual(missing, []);
});

test("every help snapshot belongs to a command", () => {
  const names = [program, ...program.commands].map((command) => command.name());
  const topics = ["exit-codes", "environment"];
  const strangers = filesBelow("snapshots/help").filter((file) => {
    const name = /([^/]+)\.txt$/.exec(file)?.[1] ?? "";
    return !names.includes(name) && !topics.includes(name);
  });
  assert.deepEqual(strangers, []);
});

function helpSnapshot(command: Command): string {
  return read(`snapshots/help/${command.name()}.txt`);
}
