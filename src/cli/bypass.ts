import { BYPASS_PATH } from "../base/bypass.js";
import { isoTime, wallMs } from "../base/clock.js";
import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import { printable } from "../base/printable.js";
import { suggest } from "../base/suggest.js";
import type { Listen, Site, Spec } from "../spec/types.js";
import type { Bypass } from "../switch/bypass.js";
import { BYPASS_ACTIONS, type BypassOptions } from "./bypass-actions.js";
import type { Context } from "./context.js";
import { loadSpecOf } from "./machine.js";
import { chooseSites, chooseSitesOrAll } from "./sites.js";
import { tableLines } from "./table.js";
import { timeText } from "../base/time-text.js";

/** Shorter ones would have ended before somebody opens them; longer ones are keys that nobody remembers. */
const TTL_MS = { min: 60_000, max: 30 * 86_400_000 } as const;

/** `fence bypass new|list|revoke`. */
export async function bypass(
  context: Context,
  options: BypassOptions,
  action: string,
  names: readonly string[],
): Promise<ExitName> {
  const spec = await loadSpecOf(context);
  const { stateFailure } = await import("../switch/failure.js");
  try {
    if (action === "new") return await create(context, spec, options, names);
    if (action === "list") return await list(context, spec, names);
    if (action === "revoke") return await revoke(context, spec, options, names);
  } catch (error) {
    throw stateFailure(error);
  }
  const near = suggest(action, BYPASS_ACTIONS);
  throw new FenceError("usage", `fence bypass cannot ${JSON.stringify(action)}`, {
    hint: `${near === null ? "" : `did you mean ${near}? `}it can: ${BYPASS_ACTIONS.join(", ")}`,
  });
}

async function create(
  context: Context,
  spec: Spec,
  { ttl }: BypassOptions,
  names: readonly string[],
): Promise<ExitName> {
  const chosen = chooseSites(spec, names);
  const site = spec.sites.find(({ name }) => name === chosen[0]) as Site;
  if (chosen.length > 1) throw new FenceError("usage", "a bypass is for one site", { hint: "name one" });
  if (ttl < TTL_MS.min || ttl > TTL_MS.max)
    throw new FenceError("usage", "--ttl must be between 1m and 30d", {
      hint: "8h is what it is without it",
    });
  const { createBypass } = await import("../switch/bypass.js");
  const made = createBypass(
    spec.stateDir,
    { name: site.name, unhashed: isUnhashed(spec, site) },
    context.actor,
    wallMs(),
    ttl,
  );
  const { id, endSec } = made.bypass;
  const link = `${originOf(site)}${BYPASS_PATH}${made.token}`;
  const until = isoTime(endSec * 1000);
  if (context.json) {
    context.out.line(JSON.stringify({ schema: "fence/bypass@1", id, site: site.name, until, link }));
  } else {
    context.out.line(link);
    if (!context.quiet) context.err.line(`fence: bypass ${id} of ${site.name}, until ${timeText(until)}`);
  }
  return "ok";
}

/** Stock nginx cannot hash what a client shows. */
function isUnhashed(spec: Spec, site: Site): boolean {
  return spec.servers.some(({ name, kind }) => site.servers.includes(name) && kind === "nginx");
}

async function list(context: Context, spec: Spec, names: readonly string[]): Promise<ExitName> {
  const { readBypasses } = await import("../switch/bypass.js");
  const nowMs = wallMs();
  const found = chooseSitesOrAll(spec, names)
    .flatMap((site) => readBypasses(spec.stateDir, site))
    .filter(({ endSec }) => endSec * 1000 > nowMs);
  if (context.json) {
    const bypasses = found.map(({ endSec, ...rest }) => ({ ...rest, until: isoTime(endSec * 1000) }));
    context.out.line(JSON.stringify({ schema: "fence/bypasses@1", bypasses }));
  } else if (found.length > 0) {
    const rows = found.map(({ id, site, by, createdAt, endSec }) => [
      id,
      site,
      timeText(createdAt),
      timeText(isoTime(endSec * 1000)),
      printable(by),
    ]);
    for (const line of tableLines(["ID", "SITE", "MADE", "UNTIL", "BY"], rows, context.out))
      context.out.line(line);
  } else if (!context.quiet) context.err.line("fence: nobody can bypass");
  return "ok";
}

async function revoke(
  context: Context,
  spec: Spec,
  { all }: BypassOptions,
  names: readonly string[],
): Promise<ExitName> {
  const { readBypasses, removeBypasses } = await import("../switch/bypass.js");
  const sites = chooseSitesOrAll(spec, all === true ? names : []);
  const known = sites.flatMap((site) => readBypasses(spec.stateDir, site));
  const meant = all === true ? known : named(known, names);
  removeBypasses(spec.stateDir, meant);
  const ids = meant.map(({ id }) => id);
  if (context.json) context.out.line(JSON.stringify({ schema: "fence/bypass-revoked@1", revoked: ids }));
  else if (!context.quiet)
    context.out.line(ids.length === 0 ? "there is none" : `revoked: ${ids.join(", ")}`);
  return "ok";
}

/** @throws FenceError usage */
function named(known: readonly Bypass[], ids: readonly string[]): Bypass[] {
  if (ids.length === 0)
    throw new FenceError("usage", "say which: an ID of fence bypass list, or --all", {
      hint: "fence bypass list",
    });
  return ids.map((id) => {
    const found = known.find((one) => one.id === id);
    if (found !== undefined) return found;
    throw new FenceError("usage", `no bypass has the ID ${JSON.stringify(id)}`, {
      hint: "fence bypass list",
    });
  });
}

/** Where people reach the site: TLS first, and no port that is the scheme's own. */
function originOf(site: Site): string {
  const listens = site.servers.flatMap((server) => site.listen[server] ?? []);
  const tcp = listens.filter((listen): listen is Extract<Listen, { kind: "tcp" }> => listen.kind === "tcp");
  const listen = tcp.find(({ tls }) => tls) ?? tcp[0];
  const [first = "localhost"] = site.hosts.filter((host) => !host.startsWith("*."));
  const host = first.includes(":") && !first.startsWith("[") ? `[${first}]` : first;
  if (listen === undefined) return `http://${host}`;
  const isUsual = listen.port === (listen.tls ? 443 : 80);
  return `${listen.tls ? "https" : "http"}://${host}${isUsual ? "" : `:${listen.port}`}`;
}
