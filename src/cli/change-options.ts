import { Option } from "commander";
import { option, parseCount, parseDuration, parseText, parseTime } from "./arguments.js";

/** Options of `fence down` and `fence up`, as commander hands them over. */
export interface ChangeOptions {
  all?: true;
  reason?: string;
  message?: string;
  for?: number;
  until?: number;
  maxWait?: number;
  maxHeld?: number;
  drainTimeout?: number;
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

/** What a hold is to be like, and how long fence waits for it. */
export function holdOptions(): Option[] {
  return [
    option(
      "--max-wait <duration>",
      "a request waits this long, then it gets the maintenance answer",
      parseDuration,
    ),
    option("--for <duration>", "the hold ends by itself after this long", parseDuration),
    option("--max-held <count>", "hold this many requests at once, in each worker", parseCount(1)),
    option("--drain-timeout <duration>", "wait this long for the requests at the backends", parseDuration),
  ];
}

/** For whatever may end a hold. */
export function releaseOptions(): Option[] {
  return [
    option("--drain-timeout <duration>", "wait this long until those that waited are let go", parseDuration),
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
