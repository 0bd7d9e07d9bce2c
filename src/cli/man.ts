import type { Command } from "commander";
import { join } from "node:path";
import { writeAtomic } from "../base/durable.js";
import { FenceError } from "../base/errors.js";
import { suggest } from "../base/suggest.js";
import type { Context } from "./context.js";
import { documented, manPage, pageName } from "./man-page.js";
import { fenceVersion } from "./version.js";

/** @throws FenceError `usage` for a command that there is not */
export function printPage(context: Context, program: Command, topic: string | null): void {
  const command = topic === null ? program : documented(program).find((one) => one.name() === topic);
  if (command === undefined) throw noPage(program, topic ?? "");
  context.out.write(manPage(program, command, fenceVersion()));
}

/** Writes `fence.1`, `fence-down.1` and so on into a folder that is there. */
export function writePages(context: Context, program: Command, folder: string): void {
  for (const command of documented(program)) {
    const file = join(folder, `${pageName(program, command)}.1`);
    writeAtomic(file, manPage(program, command, fenceVersion()), { mode: 0o644 });
    if (!context.quiet) context.out.line(file);
  }
}

function noPage(program: Command, topic: string): FenceError {
  const names = documented(program).map((one) => one.name());
  const near = suggest(topic, names);
  return new FenceError("usage", `there is no manual page of ${JSON.stringify(topic)}`, {
    hint: near === null ? `there are pages of: ${names.join(", ")}` : `did you mean ${near}?`,
  });
}
