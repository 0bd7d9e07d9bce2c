import type { Finding } from "./cross-check.js";
import type { RawWorker } from "./schema-worker.js";
import { itemsOf, valueAt } from "./raw.js";
import { program as checkProgram } from "./worker-checks.js";

/** Keys of workers that come into each other's way, or mean nothing without another. */
export function workerFindings(workers: readonly [string, RawWorker][]): Finding[] {
  const sockets = new Map<string, string>();
  return workers.flatMap(([name, worker]) => {
    const findings: Finding[] = [];
    const add = (
      key: readonly PropertyKey[],
      message: string,
      why: string | null,
      fix: string,
      atKey = true,
    ) => findings.push({ path: ["worker", name, ...key], message, why, fix, atKey });
    const [program] = itemsOf<unknown>(worker.command);
    const problem = typeof program === "string" ? checkProgram(program) : null;
    if (problem !== null)
      add(["command", 0], problem.message, problem.why ?? null, problem.fix ?? "name a program", false);
    const given: unknown =
      typeof worker.socket === "string" ? worker.socket : valueAt(worker.socket, ["address"]);
    if (typeof given === "string") {
      const other = sockets.get(given);
      sockets.set(given, name);
      if (other !== undefined)
        add(
          ["socket"],
          `[worker.${other}] has this socket, too`,
          null,
          "give each a socket of its own",
          false,
        );
      const extra = ["mode", "owner", "group"].filter((key) => valueAt(worker.socket, [key]) !== undefined);
      for (const key of given.startsWith("unix:") ? [] : extra)
        add(["socket", key], `${key} is for a unix socket`, "a port has none", "remove it");
    }
    if (worker.group !== undefined && worker.user === undefined)
      add(["group"], "group means nothing without user", "root in another group is still root", "add user");
    if (worker.cgi !== undefined && worker.protocol === "http")
      add(
        ["cgi"],
        "cgi is for fastcgi and scgi",
        "a worker that speaks HTTP gets no CGI variables",
        "remove it",
      );
    for (const key of ["host", "status"] as const)
      if (
        worker.ready?.[key] !== undefined &&
        worker.ready.path === undefined &&
        (worker.protocol ?? "fastcgi") === "fastcgi"
      )
        add(
          ["ready", key],
          `${key} means nothing without path`,
          "FCGI_GET_VALUES has none",
          'add path = "/health"',
        );
    return findings;
  });
}
