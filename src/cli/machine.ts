import type { Machine } from "../apply/machine.js";
import type { StatusCell } from "../apply/types.js";
import type { Plan } from "../plan/types.js";
import type { SwitchPoint } from "../servers/adapter.js";
import type { Spec } from "../spec/types.js";
import type { Context } from "./context.js";

/** The spec, what follows from it, and the machine that it is about. */
export interface Planned {
  spec: Spec;
  plan: Plan;
  machine: Machine;
}

/** Imports happen here and not at the top: `fence --help` must not wait for the parser and the templates. */
export async function loadSpecOf(context: Context): Promise<Spec> {
  const { findSpec, loadSpec } = await import("../spec/load.js");
  return loadSpec(findSpec({ explicit: context.config ?? undefined, cwd: process.cwd(), env: context.env }));
}

/** Loads the spec and plans it. */
export async function planned(context: Context): Promise<Planned> {
  const [spec, { planOf }, { createRenderer }, { adapterOf }, { createMachine }] = await Promise.all([
    loadSpecOf(context),
    import("../plan/plan.js"),
    import("../render/render.js"),
    import("../servers/registry.js"),
    import("../apply/machine.js"),
  ]);
  const plan = planOf(spec, adapterOf);
  return { spec, plan, machine: createMachine(plan, createRenderer(adapterOf), adapterOf) };
}

/** One look at these sites on all their servers. */
export async function lookAt(made: Planned, sites: readonly string[]): Promise<StatusCell[]> {
  const { status } = await import("../apply/status.js");
  const isAsked = ({ site }: SwitchPoint): boolean => sites.includes(site);
  const switchPoints = made.plan.switchPoints.filter(isAsked);
  const gatePoints = made.plan.gatePoints.filter(isAsked);
  return status({ ...made.plan, switchPoints, gatePoints }, made.machine);
}
