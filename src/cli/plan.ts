import type { ExitName } from "../base/exit.js";
import type { Context } from "./context.js";
import { planned, type Planned } from "./machine.js";

/** `fence plan`: what `fence apply` would change. */
export async function showPlan(context: Context, detailed: boolean): Promise<ExitName> {
  const made = await planned(context);
  const { output, isRendered, drift, diff, reloads, removed } = await differenceOf(made);
  const isSame = drift.length === 0;
  if (context.json) {
    context.out.line(
      JSON.stringify({
        schema: "fence/plan@1",
        output,
        upToDate: isSame,
        drift,
        reloads,
        ...removed,
        diff,
      }),
    );
  } else {
    context.out.write(diff);
    for (const path of removed.removedConfigs) {
      const what = "a service or a config of yours that names it would fail at its next start or reload";
      context.err.line(`fence: ${path} would be removed: ${what}`);
    }
    for (const site of removed.removedWhileDown)
      context.err.line(`fence: ${site} is down and is no longer in the spec`);
    context.err.line(`fence: ${summaryOf({ output, isRendered, isSame, reloads })}`);
  }
  return detailed && !(isSame && reloads.length === 0) ? "difference" : "ok";
}

interface Summary {
  output: string;
  isRendered: boolean;
  isSame: boolean;
  reloads: readonly string[];
}

function summaryOf({ output, isRendered, isSame, reloads }: Summary): string {
  const names = reloads.join(", ");
  if (!isRendered) return `nothing is rendered yet at ${output}`;
  if (isSame && reloads.length > 0) return `${output} is up to date, but not reloaded yet: ${names}`;
  if (isSame) return `${output} is up to date; there is nothing to apply`;
  return reloads.length > 0 ? `would have to reload: ${names}` : "no server would have to reload";
}

/** The output as it is against what the spec stands for. */
async function differenceOf(made: Planned) {
  const [
    { checkTree, diffTree },
    { readTree, refuseForeign },
    { serversBehind },
    { removedConfigs, removedWhileDown },
  ] = await Promise.all([
    import("../apply/drift.js"),
    import("../apply/render-tree.js"),
    import("../apply/reload.js"),
    import("../apply/removed-sites.js"),
  ]);
  const output = made.spec.outputDir;
  refuseForeign(output);
  const tree = made.machine.renderTree();
  const onDisk = readTree(output);
  const reloads = [...(await serversBehind(made.plan, made.machine, onDisk)).keys()];
  return {
    output,
    isRendered: onDisk !== null,
    drift: checkTree(output, tree),
    diff: diffTree(onDisk?.files ?? [], tree.files),
    reloads,
    removed: {
      removedWhileDown: removedWhileDown(made.plan, onDisk),
      removedConfigs: removedConfigs(made.plan, onDisk, tree),
    },
  };
}
