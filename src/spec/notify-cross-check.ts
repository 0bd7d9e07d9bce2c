import type { Finding } from "./cross-check.js";
import { itemsOf } from "./raw.js";
import type { RawNotify } from "./schema-notify.js";
import { program as checkProgram } from "./worker-checks.js";

/** Keys of notifications that exclude each other, or mean nothing without another. */
export function notifyFindings(all: readonly [string, RawNotify][]): Finding[] {
  return all.flatMap(([name, { url, command, secret_file: secret }]) => {
    const at = (...key: readonly PropertyKey[]) => ({ path: ["notify", name, ...key] });
    const findings: Finding[] = [];
    if (url === undefined && command === undefined)
      findings.push({
        ...at(),
        atKey: true,
        message: `[notify.${name}] names nobody`,
        why: null,
        fix: "add url or command",
      });
    if (url !== undefined && command !== undefined)
      findings.push({
        ...at("command"),
        atKey: true,
        message: "url and command exclude each other",
        why: null,
        fix: "make two tables of it",
      });
    if (secret !== undefined && url === undefined)
      findings.push({
        ...at("secret_file"),
        atKey: true,
        message: "secret_file is for a url",
        why: "a command is not signed",
        fix: "remove it",
      });
    const [program] = itemsOf<unknown>(command);
    const problem = typeof program === "string" ? checkProgram(program) : null;
    if (problem !== null)
      findings.push({
        ...at("command", 0),
        message: problem.message,
        why: problem.why ?? null,
        fix: problem.fix ?? "name a program",
      });
    return findings;
  });
}
