import type { Command } from "commander";
import { FenceError } from "../base/errors.js";
import { actorOf } from "./actor.js";
import type { ColourEnv } from "./colour.js";
import { createOutput, type GuardedStream, type Output } from "./output.js";

/** What every command knows of its surroundings. A flag wins over the environment, and that over the default. */
export interface Context {
  /** Results. */
  readonly out: Output;
  /** Everything else: progress, questions, errors. */
  readonly err: Output;
  readonly env: ColourEnv;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** --yes or FENCE_YES: do not ask. */
  readonly yes: boolean;
  /** Not --no-input nor FENCE_NO_INPUT: whoever is at the terminal may be asked. */
  readonly mayAsk: boolean;
  /** --config or FENCE_CONFIG, as given; null: look for fence.toml. */
  readonly config: string | null;
  readonly actor: string;
  /** The command line as typed, for whoever waits for the lock. */
  readonly commandLine: string;
}

/** Standard output and standard error of the process. */
export interface Streams {
  readonly out: GuardedStream;
  readonly err: GuardedStream;
}

interface GlobalOptions {
  config?: string;
  C?: string;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  color?: boolean;
  yes?: boolean;
  input?: boolean;
}

/** Is this variable set to something that means yes? `0`, `false`, `no` and the empty value mean no. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && !["", "0", "false", "no"].includes(value.toLowerCase());
}

/** The context of a process without a parsed command line: for errors that come before there is one. */
export function bareContext(argv: readonly string[], streams: Streams): Context {
  const beforeDashes = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  return contextOf(argv, streams, {
    ...(beforeDashes.includes("--json") ? { json: true } : {}),
    ...(beforeDashes.includes("--no-color") ? { color: false } : {}),
  });
}

/** The context of a parsed command. Goes to the folder of -C, as `git -C` and `make -C` do. */
export function contextOfCommand(argv: readonly string[], streams: Streams, command: Command): Context {
  const options: GlobalOptions = merged(command);
  if (options.C !== undefined) enter(options.C);
  return contextOf(argv, streams, options);
}

function contextOf(argv: readonly string[], streams: Streams, options: GlobalOptions): Context {
  const env = process.env;
  const colourFlag = options.color === false ? false : null;
  return {
    out: createOutput(streams.out, env, colourFlag),
    err: createOutput(streams.err, env, colourFlag),
    env,
    json: options.json ?? isSet(env["FENCE_JSON"]),
    quiet: options.quiet ?? false,
    verbose: options.verbose ?? false,
    yes: options.yes ?? isSet(env["FENCE_YES"]),
    mayAsk: options.input ?? !isSet(env["FENCE_NO_INPUT"]),
    config: options.config ?? (env["FENCE_CONFIG"] || null),
    actor: actorOf(env),
    commandLine: ["fence", ...argv].join(" "),
  };
}

/** Options of the command and of the program before it; the later place on the command line wins. */
function merged(command: Command): GlobalOptions {
  const values: Record<string, unknown> = {};
  for (let at: Command | null = command; at; at = at.parent) {
    for (const [key, value] of Object.entries<unknown>(at.opts())) {
      const given = at.getOptionValueSource(key) === "cli";
      if (given && !(key in values)) values[key] = value;
    }
  }
  return values;
}

function enter(folder: string): void {
  try {
    process.chdir(folder);
  } catch (cause) {
    throw new FenceError(
      "usage",
      `cannot go to the folder ${folder} (${(cause as NodeJS.ErrnoException).code})`,
      { cause },
    );
  }
}
