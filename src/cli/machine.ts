import type { Plan, RenderedTree } from "../plan/types.js";
import type { Renderer } from "../render/render.js";
import type { Spec } from "../spec/types.js";
import type { Context } from "./context.js";

/** The spec and what follows from it. */
export interface Planned {
  spec: Spec;
  plan: Plan;
  renderer: Renderer;
  /** Renders on the first call. */
  tree(): RenderedTree;
}

/** Imports happen here and not at the top: `fence --help` must not wait for the parser and the templates. */
export async function loadSpecOf(context: Context): Promise<Spec> {
  const { findSpec, loadSpec } = await import("../spec/load.js");
  return loadSpec(findSpec({ explicit: context.config, cwd: process.cwd(), env: context.env }));
}

/** Loads the spec and plans it. */
export async function planned(context: Context): Promise<Planned> {
  const [spec, { planOf }, { createRenderer }, { adapterOf }] = await Promise.all([
    loadSpecOf(context),
    import("../plan/plan.js"),
    import("../render/render.js"),
    import("../servers/registry.js"),
  ]);
  const plan = planOf(spec, adapterOf);
  const renderer = createRenderer(adapterOf);
  let tree: RenderedTree | null = null;
  return { spec, plan, renderer, tree: () => (tree ??= renderer.renderTree(plan)) };
}
