import type { Command, Option } from "commander";
import { resolve } from "node:path";
import { MODES } from "../base/mode.js";
import { findSpec, loadSpec } from "../spec/load.js";
import type { Context } from "./context.js";
import { HELP_TOPICS } from "./help-topics.js";

/** A word that may stand at the cursor; the description is "" where it says itself. */
export interface Candidate {
  word: string;
  description: string;
}

/** Names of the spec in reach, for arguments that take one. */
export interface Names {
  sites: readonly string[];
  servers: readonly string[];
}

/** What the shell itself completes: the names of files. */
export const FILES = "files";

/**
 * What the last word may become.
 * @param words the words after `fence`; the last one as far as it is typed, "" for a new one
 */
export function candidates(
  program: Command,
  words: readonly string[],
  names: Names,
): readonly Candidate[] | typeof FILES {
  const typed = joinAtEquals(words);
  const last = typed.at(-1) ?? "";
  const place = placeOf(program, typed.slice(0, -1));
  if (place === FILES) return FILES;
  const { command, pending, given } = place;
  const [long = "", value] = split(last);
  if (pending !== null) return startingWith(last, valuesOfOption(pending));
  if (value !== undefined) return valuesBehindEquals(command, long, value, words);
  if (last.startsWith("-")) return startingWith(last, optionsOf(command));
  if (command === program) return startingWith(last, commandsOf(program));
  return startingWith(last, argumentsOf(program, command, given, names));
}

interface Place {
  command: Command;
  /** An option that waits for its value. */
  pending: Option | null;
  /** The arguments before the word. */
  given: readonly string[];
}

/** Walks over the words before the one at the cursor. */
function placeOf(program: Command, before: readonly string[]): Place | typeof FILES {
  let command = program;
  let pending: Option | null = null;
  const given: string[] = [];
  for (const word of before) {
    if (pending !== null) pending = null;
    else if (word === "--") return FILES;
    else if (word.startsWith("-")) pending = word.includes("=") ? null : wantsValue(command, word);
    else if (command === program) command = program.commands.find((one) => one.name() === word) ?? program;
    else given.push(word);
  }
  return { command, pending, given };
}

function wantsValue(command: Command, flag: string): Option | null {
  const option = command
    .createHelp()
    .visibleOptions(command)
    .find(({ short, long }) => flag === short || flag === long);
  return option !== undefined && (option.required || option.optional) ? option : null;
}

/** bash hands over `--for=20m` as three words, since `=` breaks words there. */
function joinAtEquals(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of words) {
    const last = joined.at(-1);
    const continues = last?.startsWith("--") === true && (word === "=" || /^--[^=]+=$/.test(last));
    if (continues) joined[joined.length - 1] = `${last}${word}`;
    else joined.push(word);
  }
  return joined;
}

function split(word: string): [string, string?] {
  const at = word.startsWith("--") ? word.indexOf("=") : -1;
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

function valuesBehindEquals(command: Command, long: string, value: string, words: readonly string[]) {
  const option = wantsValue(command, long);
  if (option === null) return [];
  const values = valuesOfOption(option);
  if (values === FILES) return FILES;
  const isOneWord = words.at(-1)?.startsWith("--") === true;
  return startingWith(value, values).map((one) =>
    isOneWord ? { ...one, word: `${long}=${one.word}` } : one,
  );
}

const NAMES_A_FILE = /<(file|folder|path)>/;

function valuesOfOption(option: Option): Candidate[] | typeof FILES {
  return NAMES_A_FILE.test(option.flags) ? FILES : bare(option.argChoices ?? []);
}

function optionsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, short, description }) => {
      const word = long ?? short;
      return word === undefined ? [] : [{ word, description }];
    });
}

function commandsOf(program: Command): Candidate[] {
  const commands = program.createHelp().visibleCommands(program);
  return commands.map((one) => ({ word: one.name(), description: one.summary() }));
}

function argumentsOf(
  program: Command,
  command: Command,
  given: readonly string[],
  names: Names,
): Candidate[] {
  const known = command.registeredArguments;
  const argument = known[given.length] ?? known.findLast((one) => one.variadic);
  if (argument === undefined) return [];
  const values = argument.argChoices ?? valuesNamed(argument.name(), program, names);
  return bare(values.filter((value) => !given.includes(value)));
}

function valuesNamed(name: string, program: Command, names: Names): readonly string[] {
  switch (name) {
    case "site":
      return names.sites;
    case "server":
      return names.servers;
    case "mode":
      return MODES;
    case "command":
      return commandsOf(program).map(({ word }) => word);
    case "topic":
      return [...valuesNamed("command", program, names), ...HELP_TOPICS];
    default:
      return [];
  }
}

function bare(words: readonly string[]): Candidate[] {
  return words.map((word) => ({ word, description: "" }));
}

function startingWith(typed: string, values: Candidate[]): Candidate[];
function startingWith(typed: string, values: Candidate[] | typeof FILES): Candidate[] | typeof FILES;
function startingWith(typed: string, values: Candidate[] | typeof FILES): Candidate[] | typeof FILES {
  return values === FILES ? FILES : values.filter(({ word }) => word.startsWith(typed));
}

/** A spec that is not there or not valid has no names to offer, and a Tab is no place to say why. */
export async function namesInReach(context: Context, words: readonly string[]): Promise<Names> {
  const typed = joinAtEquals(words);
  try {
    const cwd = resolve(valueOf(typed, "-C", "-C") ?? ".");
    const explicit = valueOf(typed, "-c", "--config") ?? context.config ?? undefined;
    const spec = await loadSpec(findSpec({ explicit, cwd, env: process.env }));
    return { sites: spec.sites.map(({ name }) => name), servers: spec.servers.map(({ name }) => name) };
  } catch {
    return { sites: [], servers: [] };
  }
}

/** The value of an option among the words, the last one given. */
function valueOf(words: readonly string[], short: string, long: string): string | undefined {
  const behindEquals = words.findLast((word) => word.startsWith(`${long}=`));
  if (behindEquals !== undefined) return behindEquals.slice(long.length + 1);
  const at = words.findLastIndex((word) => word === short || word === long);
  return at === -1 ? undefined : words[at + 1];
}
