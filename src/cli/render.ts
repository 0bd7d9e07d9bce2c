import { resolve } from "node:path";
import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import type { RenderOptions } from "./commands/render.js";
import type { Context } from "./context.js";
import { planned, type Planned } from "./machine.js";
import { suggest } from "../base/suggest.js";
import { fenceVersion } from "./version.js";

/** `fence render` */
export async function render(context: Context, options: RenderOptions): Promise<ExitName> {
  const made = await planned(context);
  await refuseLimits(made);
  if (options.stdout !== undefined) return printFile(context, made, options.stdout);
  const output = options.out === undefined ? made.spec.outputDir : resolve(options.out);
  return options.check ? checkFiles(context, made, output) : writeFiles(context, made, output);
}

/** What a server cannot do is said before anything is written. @throws FenceError server-unfit */
async function refuseLimits({ spec }: Planned): Promise<void> {
  const { adapterOf } = await import("../servers/registry.js");
  for (const server of spec.servers) {
    const refused = adapterOf(server.kind)
      .limits(spec, server)
      .filter(({ level }) => level === "refuse");
    if (refused.length === 0) continue;
    throw new FenceError(
      "server-unfit",
      `${server.name}: ${refused.map(({ sentence }) => sentence).join("\n")}`,
    );
  }
}

function printFile(context: Context, made: Planned, name: string): ExitName {
  const { files } = made.machine.renderTree();
  const file = files.find(({ path }) => path === name);
  if (!file) {
    const paths = files.map(({ path }) => path);
    const near = suggest(name, paths);
    throw new FenceError("usage", `no file of the output is named ${JSON.stringify(name)}`, {
      hint: near === null ? `the files are:\n  ${paths.join("\n  ")}` : `did you mean ${near}?`,
    });
  }
  context.out.write(file.content);
  return "ok";
}

async function checkFiles(context: Context, made: Planned, output: string): Promise<ExitName> {
  const [{ checkTree, diffTree }, { readTree, refuseForeign }] = await Promise.all([
    import("../apply/drift.js"),
    import("../apply/render-tree.js"),
  ]);
  refuseForeign(output);
  const tree = made.machine.renderTree();
  const drift = checkTree(output, tree);
  const diff = diffTree(readTree(output)?.files ?? [], tree.files);
  if (context.json) {
    context.out.line(
      JSON.stringify({ schema: "fence/render@1", output, upToDate: drift.length === 0, drift, diff }),
    );
  } else {
    context.out.write(diff);
    if (!context.quiet) {
      for (const { path, kind } of drift) context.err.line(`fence: ${path}: ${DRIFT_TEXT[kind]}`);
      if (drift.length === 0) context.err.line(`fence: ${output} is up to date`);
    }
  }
  return drift.length === 0 ? "ok" : "difference";
}

const DRIFT_TEXT = {
  missing: "is not there",
  extra: "is not of fence",
  edited: "was edited by hand",
  mode: "has the wrong mode",
  outdated: "is not what the spec stands for now",
} as const;

async function writeFiles(context: Context, made: Planned, output: string): Promise<ExitName> {
  const { writeTree } = await import("../apply/render-tree.js");
  const tree = made.machine.renderTree();
  const { folder, written } = writeTree(output, tree, made.spec.sha256, fenceVersion());
  if (context.json) {
    const files = tree.files.map(({ path }) => path);
    context.out.line(
      JSON.stringify({ schema: "fence/render@1", output, folder, written, digest: tree.digest, files }),
    );
  } else {
    context.out.line(written ? `${output}: ${tree.files.length} files written` : `${output} is up to date`);
  }
  return "ok";
}
