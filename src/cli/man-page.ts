import type { Command, Option } from "commander";
import { EXIT, EXIT_MEANING, type ExitName } from "../base/exit.js";
import { examplesOf, wrapText } from "./command.js";
import { ENVIRONMENT } from "./environment.js";

const WIDTH = 72;

const FILES: Readonly<Record<string, string>> = {
  "fence.toml": "The spec, in the current folder or one above it.",
  "/etc/fence/fence.toml": "The spec where none of them is there.",
};

/** The name of a page: `fence` or `fence-down`. */
export function pageName(program: Command, command: Command): string {
  return command === program ? "fence" : `fence-${command.name()}`;
}

/** Every command that has a page. */
export function documented(program: Command): Command[] {
  return [program, ...program.createHelp().visibleCommands(program)];
}

/** The manual page of a command, or of fence itself: text of man(7), without a date, so that it stays the same. */
export function manPage(program: Command, command: Command, version: string): string {
  const name = pageName(program, command);
  const isProgram = command === program;
  const summary = isProgram ? "take a web site down and up without losing a request" : command.summary();
  return [
    `.TH ${quoted(name.toUpperCase())} 1 "" ${quoted(`fence ${version}`)} ${quoted("fence manual")}`,
    ...section("NAME", [`${text(name)} \\- ${text(summary)}`]),
    ...section("SYNOPSIS", [`.B ${text(name.replace("-", " "))}`, text(usageOf(command))]),
    ...section("DESCRIPTION", paragraphs(command.description())),
    ...section("COMMANDS", isProgram ? commandList(program) : []),
    ...section("OPTIONS", command.createHelp().visibleOptions(command).flatMap(optionLines)),
    ...section("EXIT STATUS", isProgram ? exitLines() : [seeAbout("exit codes")]),
    ...section("ENVIRONMENT", isProgram ? terms(ENVIRONMENT) : []),
    ...section("FILES", isProgram ? terms(FILES) : []),
    ...section("EXAMPLES", examplesOf(command).flatMap(exampleLines)),
    ...section("SEE ALSO", [alsoLine(program, command)]),
  ]
    .join("\n")
    .concat("\n");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`.SH ${quoted(title)}`, ...lines];
}

/** Commander's own usage begins with the options that every command has. */
function usageOf(command: Command): string {
  return command
    .usage()
    .replace(/^\[options\] ?/, "[options] ")
    .trim();
}

function commandList(program: Command): string[] {
  return documented(program)
    .slice(1)
    .flatMap((one) => [".TP", `.BR ${text(pageName(program, one))} (1)`, text(one.summary())]);
}

function optionLines(option: Option): string[] {
  const choices = option.argChoices === undefined ? "" : ` One of: ${option.argChoices.join(", ")}.`;
  const value: unknown = option.defaultValueDescription ?? option.defaultValue;
  const isTold = typeof value === "string" || typeof value === "number";
  return [
    ".TP",
    `.B ${text(option.flags)}`,
    text(`${option.description}.${choices}${isTold ? ` Default: ${value}.` : ""}`),
  ];
}

function exitLines(): string[] {
  return (Object.keys(EXIT) as ExitName[]).flatMap((name) => [
    ".TP",
    `.B ${EXIT[name]}`,
    text(EXIT_MEANING[name]),
  ]);
}

function terms(table: Readonly<Record<string, string>>): string[] {
  return Object.entries(table).flatMap(([term, meaning]) => [".TP", `.B ${text(term)}`, text(meaning)]);
}

function exampleLines({ does, line }: { does: string; line: string }): string[] {
  return [".TP", text(`${does}:`), ".nf", text(line), ".fi"];
}

function seeAbout(what: string): string {
  return `The ${what} are those of every command, in \\fBfence\\fR(1).`;
}

function alsoLine(program: Command, command: Command): string {
  const others = documented(program).filter((one) => one !== command);
  const shown = command === program ? others : [program];
  return shown.map((one) => `\\fB${text(pageName(program, one))}\\fR(1)`).join(",\n");
}

function paragraphs(description: string): string[] {
  return description
    .split("\n\n")
    .flatMap((paragraph, at) => [...(at === 0 ? [] : [".PP"]), text(paragraph)]);
}

/** Text that roff prints as it is: its escape character, and a dot or quote that would begin a request. */
function text(words: string): string {
  return wrapText(words, WIDTH)
    .join("\n")
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^(?=[.'])/gm, "\\&");
}

function quoted(words: string): string {
  return `"${text(words).replaceAll('"', "\\(dq")}"`;
}
