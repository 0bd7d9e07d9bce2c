import { basename } from "node:path";
import { FenceError } from "../base/errors.js";
import type { Mode } from "../base/mode.js";
import { PageError } from "../base/page-error.js";
import { serverNamed } from "../plan/plan.js";
import type { Plan } from "../plan/types.js";
import { EncodeError } from "../servers/adapter.js";
import { specText } from "../spec/load.js";
import { locateValue } from "../spec/locate.js";
import type { Spec } from "../spec/types.js";
import type { Machine } from "./machine.js";

/** @throws FenceError mode-unsupported */
export function refuseMode(plan: Plan, server: string, modes: readonly Mode[], mode: Mode): void {
  if (modes.includes(mode)) return;
  const { kind, config } = serverNamed(plan.spec, server);
  const isOwn = config === "include" && kind !== "lighttpd";
  const where = isOwn ? " in a config of your own" : "";
  throw new FenceError("mode-unsupported", `${server} is ${kind}, which cannot ${mode} requests${where}`, {
    hint: "Nothing was changed. Fence's own proxy can, and fence down works on every server.",
  });
}

/**
 * Before a hold: the config of a server that is not fence's must have all requests of the site wait, and be the one that
 * the server is run with.
 * @throws FenceError not-wired
 */
export async function refuseUnwired(plan: Plan, machine: Machine, sites: readonly string[]): Promise<void> {
  const points = plan.switchPoints.filter(({ site }) => sites.includes(site));
  for (const name of new Set(points.map(({ server }) => server))) {
    const held = points.filter(({ server }) => server === name).map(({ site }) => site);
    const limits = await machine.wiredLimits(name);
    const against = limits.filter(
      ({ level, site }) => level === "refuse" && (site === null || held.includes(site)),
    );
    if (against.length === 0) continue;
    const sentences = against.map(({ site, sentence }) =>
      site === null ? sentence : `${site}: ${sentence}`,
    );
    throw new FenceError(
      "not-wired",
      [`the config of ${name} is not wired for a hold of ${held.join(", ")}`, ...sentences].join("\n"),
      { hint: "Nothing was changed. docs/hold.md tells what a config of your own needs." },
    );
  }
}

/**
 * Renders, and tells a value that a server's config language cannot carry as what it is: an error of the spec.
 * @throws FenceError page-invalid for a template of the user's own; spec-invalid, with the place of the value where it can be found
 */
export function refusing<T>(spec: Spec, render: () => T): T {
  try {
    return render();
  } catch (error) {
    if (error instanceof PageError)
      throw new FenceError("page-invalid", error.message, {
        cause: error,
        hint: "docs/page.md lists what a template can name; fence page shows the result.",
      });
    if (!(error instanceof EncodeError) || error.value === null) throw error;
    const { value, message } = error;
    // A relative path of the spec has become absolute on its way here.
    const place = locateValue([value, basename(value)], specText(spec), spec.file);
    const diagnostics =
      place === null ? [] : [{ ...place, message, why: "no quoting can carry it", fix: null }];
    const about = `${spec.file} has a value that cannot be written into a config`;
    throw new FenceError(
      "spec-invalid",
      place === null ? `${about}: ${JSON.stringify(value)}: ${message}` : about,
      {
        cause: error,
        diagnostics,
      },
    );
  }
}
