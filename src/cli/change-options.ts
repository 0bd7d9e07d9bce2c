import { Option } from "commander";
import { option, parseDuration, parseText, parseTime } from "./arguments.js";

/** Options of `fence down` and `fence up`, as commander hands them over. */
export interface ChangeOptions {
  all?: true;
  reason?: string;
  message?: string;
  for?: number;
  until?: number;
  settle?: number;
  timeout?: number;
  wait: boolean;
  ifNotRunning: "stage" | "fail";
  lockTimeout: number;
  dryRun?: true;
}

/** Only a site that goes down has clients to tell something. */
export function downOptions(): Option[] {
  return [
    option("--message <text>", "tell the clients this, instead of the message of the spec", parseText),
    option("--for <duration>", "say when it is expected back: in 20m, 1h, …", parseDuration).conflicts(
      "until",
    ),
    option("--until <time>", "the same as a point in time, e.g. 2026-11-25T14:30:00Z", parseTime),
  ];
}

export function changeOptions(): Option[] {
  return [
    new Option("--all", "every site of the spec"),
    option(
      "--reason <text>",
      "why, for the history; a site that goes down tells it to its clients, too",
      parseText,
    ),
    option("--settle <duration>", "wait at least this long before saying done", parseDuration),
    option("--timeout <duration>", "give up the proof after this long, and undo", parseDuration),
    new Option("--no-wait", "do not wait for the proof that the servers follow"),
    new Option(
      "--if-not-running <what>",
      "a server that does not run: fail, or write its files for its next start",
    )
      .choices(["fail", "stage"])
      .default("fail"),
    option("--lock-timeout <duration>", "wait this long for another fence to end", parseDuration).default(
      0,
      "0s",
    ),
    new Option("-n, --dry-run", "say what would happen, change nothing"),
    new Option("-y, --yes", "do not ask (env: FENCE_YES)"),
  ];
}
