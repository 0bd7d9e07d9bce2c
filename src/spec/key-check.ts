import type { Finding } from "./cross-check.js";
import { DEFAULTS } from "./defaults.js";
import { LIMITS } from "./limits.js";
import { entriesOf, valueAt } from "./raw.js";
import { requestField, responseField, variableName } from "./proxy-checks.js";
import { ownHeaderName, text, type Check, type Problem } from "./value-checks.js";
import { environmentName } from "./worker-checks.js";

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const NAMED = {
  server: LIMITS.serversMax,
  upstream: LIMITS.upstreamsMax,
  worker: LIMITS.workerSetsMax,
  notify: LIMITS.notifyMax,
  site: LIMITS.sitesMax,
} as const;

/**
 * The keys that people choose: names of servers, upstreams and sites, and of headers. Looked at apart from the schema,
 * which passes over `__proto__` and stops at a record with a wrong value.
 */
export function checkKeys(raw: unknown): Finding[] {
  return [
    ...Object.entries(NAMED).flatMap(([table, max]) => nameFindings(table, max, valueAt(raw, [table]))),
    ...entriesOf(valueAt(raw, ["site"])).flatMap(([site, value]) =>
      headerFindings(site, valueAt(value, ["maintenance"])),
    ),
    ...entriesOf(valueAt(raw, ["site"])).flatMap(([site, value]) =>
      (["request", "response"] as const).flatMap((side) =>
        rewriteFindings(
          ["site", site, "rewrite", side, "set"],
          valueAt(value, ["rewrite", side, "set"]),
          side,
        ),
      ),
    ),
    ...entriesOf(valueAt(raw, ["upstream"])).flatMap(([upstream, value]) =>
      paramFindings(["upstream", upstream, "cgi", "params"], valueAt(value, ["cgi", "params"])),
    ),
    ...entriesOf(valueAt(raw, ["worker"])).flatMap(([worker, value]) => [
      ...paramFindings(["worker", worker, "cgi", "params"], valueAt(value, ["cgi", "params"])),
      ...paramFindings(["worker", worker, "env"], valueAt(value, ["env"]), environmentName),
    ]),
  ];
}

function nameFindings(table: string, max: number, record: unknown): Finding[] {
  const names = entriesOf(record).map(([name]) => name);
  const findings = names.flatMap((name): Finding[] => {
    // An object of JavaScript has a "constructor" before anyone gives it one.
    if (NAME.test(name) && name !== "constructor") return [];
    return [
      {
        path: [table, name],
        atKey: true,
        message: `"${name}" cannot be a name`,
        why: "names become part of file names and of identifiers in configs",
        fix: NAME.test(name)
          ? "take another"
          : "use a to z, digits and -, a letter first, 32 characters at most",
      },
    ];
  });
  return names.length > max ? [...findings, tooMany([table], `${table}s`, max)] : findings;
}

function headerFindings(site: string, maintenance: unknown): Finding[] {
  const path = ["site", site, "maintenance", "headers"];
  const names = entriesOf(valueAt(maintenance, ["headers"])).map(([name]) => name);
  const given = valueAt(maintenance, ["header"]);
  const marker = typeof given === "string" ? given : DEFAULTS["site.maintenance.header"].value;
  const seen = new Map([[marker.toLowerCase(), "it is the header that marks the maintenance answer"]]);
  const findings = names.flatMap((name): Finding[] => {
    const problem = text(name) ?? ownHeaderName(name);
    const twice = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), "names of headers are the same in upper and lower case");
    const at = { path: [...path, name], atKey: true };
    if (problem !== null)
      return [{ ...at, message: problem.message, why: problem.why ?? null, fix: problem.fix ?? null }];
    return twice === undefined
      ? []
      : [{ ...at, message: `header ${name} is set twice`, why: twice, fix: "remove it here" }];
  });
  return names.length > LIMITS.headersMax
    ? [...findings, tooMany(path, "headers", LIMITS.headersMax)]
    : findings;
}

function rewriteFindings(path: readonly string[], set: unknown, side: "request" | "response"): Finding[] {
  const names = entriesOf(set).map(([name]) => name);
  const seen = new Set<string>();
  const findings = names.flatMap((name): Finding[] => {
    const problem = text(name) ?? (side === "request" ? requestField(name) : responseField(name));
    const isTwice = seen.has(name.toLowerCase());
    seen.add(name.toLowerCase());
    if (problem !== null) return [keyFinding([...path, name], problem)];
    const why = "names of headers are the same in upper and lower case";
    return isTwice
      ? [keyFinding([...path, name], { message: `header ${name} is set twice`, why, fix: "remove one" })]
      : [];
  });
  return names.length > LIMITS.headersMax
    ? [...findings, tooMany(path, "headers", LIMITS.headersMax)]
    : findings;
}

function paramFindings(path: readonly string[], params: unknown, check: Check = variableName): Finding[] {
  const names = entriesOf(params).map(([name]) => name);
  const findings = names.flatMap((name): Finding[] => {
    const problem = text(name) ?? check(name);
    return problem === null ? [] : [keyFinding([...path, name], problem)];
  });
  return names.length > LIMITS.cgiParamsMax
    ? [...findings, tooMany(path, "variables", LIMITS.cgiParamsMax)]
    : findings;
}

function keyFinding(path: readonly string[], problem: Problem): Finding {
  const { message, why, fix } = problem;
  return { path, atKey: true, message, why: why ?? null, fix: fix ?? null };
}

function tooMany(path: readonly string[], what: string, max: number): Finding {
  return {
    path,
    atKey: true,
    tooMany: true,
    message: `there are more than ${max} ${what}`,
    why: null,
    fix: null,
  };
}
