import type { ExitName } from "../base/exit.js";
import type { Context } from "./context.js";
import { planned, type Planned } from "./machine.js";

/** `fence plan`: what `fence apply` would change. */
export async function showPlan(context: Context, detailed: boolean): Promise<ExitName> {
  const made = await planned(context);
  const { output, isRendered, drift, diff, reloads } = await differenceOf(made);
  const isSame = drift.length === 0;
  if (context.json) {
    context.out.line(
      JSON.stringify({ schema: "fence/plan@1", output, upToDate: isSame, drift, reloads, diff }),
    );
  } else {
    context.out.write(diff);
    if (isSame) context.err.line(`fence: ${output} is up to date; there is nothing to apply`);
    else if (!isRendered) context.err.line(`fence: nothing is rendered yet at ${output}`);
    else if (reloads.length > 0) context.err.line(`fence: would have to reload: ${reloads.join(", ")}`);
    else context.err.line("fence: no server would have to reload");
  }
  return detailed && !isSame ? "difference" : "ok";
}

/** The output as it is against what the spec stands for. */
async function differenceOf(made: Planned) {
  const [{ checkTree, diffTree }, { readTree }, { serversToReload }] = await Promise.all([
    import("../apply/drift.js"),
    import("../apply/render-tree.js"),
    import("./reload.js"),
  ]);
  const output = made.spec.outputDir;
  const tree = made.machine.renderTree();
  const onDisk = readTree(output);
  const reloads = serversToReload(made, onDisk);
  return {
    output,
    isRendered: onDisk !== null,
    drift: checkTree(output, tree),
    diff: diffTree(onDisk?.files ?? [], tree.files),
    reloads,
  };
}
