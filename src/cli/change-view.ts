import type { ServerOutcome, SiteOutcome, SwitchResult } from "../apply/types.js";
import { EXIT } from "../base/exit.js";
import type { Mode } from "../base/mode.js";
import { printable } from "../base/printable.js";
import { type Output } from "./output.js";
import { isAtLeast } from "./status-view.js";
import { secondsText, timeText } from "../base/time-text.js";

/** The shape of `fence/change@1`. */
export function changeObject(result: SwitchResult): Record<string, unknown> {
  return {
    schema: "fence/change@1",
    exit: EXIT[result.exit],
    result: result.exit,
    tookMs: Math.round(result.tookMs),
    sites: result.sites.map(({ site, servers, expiresMs, ...rest }) => ({
      name: site,
      ...rest,
      ...(expiresMs === null ? {} : { until: new Date(expiresMs).toISOString() }),
      servers: servers.map(serverObject),
    })),
  };
}

function serverObject({ server, result, proof }: ServerOutcome): Record<string, unknown> {
  return {
    name: server,
    result,
    proof: proof && {
      proven: proof.proven,
      tookMs: Math.round(proof.tookMs),
      inflight: proof.last.inflight,
      inflightAtLeast: isAtLeast(proof.last),
      problems: proof.problems,
    },
  };
}

/** One sentence a site, and below it what did not go as asked. */
export function resultLines(result: SwitchResult, output: Pick<Output, "paint">): string[] {
  return result.sites.flatMap((site) => [
    sentence(site, output),
    // Going there and coming back may fail for the same reason.
    ...[...new Set(site.problems)].map((problem) => `  ${printable(problem)}`),
  ]);
}

function sentence(outcome: SiteOutcome, output: Pick<Output, "paint">): string {
  const { site, to, from } = outcome;
  const mode = output.paint(to === "up" ? "green" : "yellow", WORDS[to]);
  const end = outcome.expiresMs === null ? "" : ` until ${timeText(outcome.expiresMs)}`;
  switch (outcome.result) {
    case "done":
      return `${site} is ${mode}${end} (generation ${outcome.generation}; ${provenText(outcome.servers)})`;
    case "already":
      return `${site} is already ${mode}${outcome.generation === 0 ? "" : ` since ${timeText(outcome.since)}`}${end}`;
    case "staged":
      return `${site} will be ${mode} when its servers start (generation ${outcome.generation}; ${namesOf(outcome.servers)} not running)`;
    case "unproven":
      return `${site} is switched to ${mode}, not proven (generation ${outcome.generation})`;
    case "not-drained":
      return `${site} is ${mode}${end} (generation ${outcome.generation}), but not everything is done with`;
    case "rolled-back":
      return outcome.servers.every(({ result }) => result === "staged")
        ? `${site} did not show ${mode} in time; it will be ${from} when its servers start`
        : `${site} did not show ${mode} in time and is ${from} again`;
    case "failed":
      return `${site} could not be switched to ${mode}`;
    case "dry-run":
      return `${site} would go from ${from} to ${mode} on ${namesOf(outcome.servers)}; nothing was changed`;
  }
}

/** How a site is said to be. */
const WORDS: Readonly<Record<Mode, string>> = { up: "up", down: "down", hold: "held" };

function provenText(servers: readonly ServerOutcome[]): string {
  const parts = servers.map(({ server, proof }) =>
    proof?.proven ? `proven on ${server} in ${secondsText(proof.tookMs)}` : `${server} is not running`,
  );
  return parts.join(", ");
}

function namesOf(servers: readonly ServerOutcome[]): string {
  return servers.map(({ server }) => server).join(", ");
}
