import type { EnsureResult } from "../apply/ensure-active.js";
import { EXIT } from "../base/exit.js";
import { printable } from "../base/printable.js";
import { type Output } from "./output.js";

export interface ServerReload {
  name: string;
  /** not-running: it reads the new config when it starts. */
  reload: "not-needed" | "needed" | "restart" | "done" | "not-running" | "unknown";
  /** How a person reloads it, or starts it; null unless needed, and where that is the user's own affair. */
  command: string | null;
  /** restart: what a reload would do to it. unknown: why it cannot be told whether it runs. */
  risk: string | null;
  /** A config of the user's own does not show the gates: it may not include them yet. */
  lacksGates: boolean;
}

export interface Applied {
  output: string;
  /** false: the files were up to date. */
  written: boolean;
  servers: readonly ServerReload[];
  ensured: EnsureResult;
  /** Sites that were down and are no longer in the spec. */
  removedWhileDown: readonly string[];
  /** Files of the output that services or configs of the user's own may name. */
  removedConfigs: readonly string[];
}

/** The shape of `fence/apply@1`. */
export function applyObject(applied: Applied): Record<string, unknown> {
  const { output, written, servers, ensured, removedWhileDown, removedConfigs } = applied;
  const sites = ensured.sites.map(({ site, action, mode, generation, outcome }) => {
    return { name: site, action, mode, generation, problems: outcome?.problems ?? [] };
  });
  const { exit } = ensured;
  return {
    schema: "fence/apply@1",
    exit: EXIT[exit],
    result: exit,
    output,
    written,
    servers,
    sites,
    removedWhileDown,
    removedConfigs,
  };
}

/** What was done, and what is left to do by hand. */
export function applyLines(applied: Applied, out: Output): string[] {
  const { output, written, servers, ensured, removedWhileDown, removedConfigs } = applied;
  const lines = [written ? `${output} is written` : `${output} is up to date`];
  for (const { site, action, mode, generation, outcome } of ensured.sites) {
    if (action !== "kept") lines.push(`${site} is ${mode} (generation ${generation}, ${action})`);
    for (const problem of outcome?.problems ?? []) lines.push(`  ${printable(problem)}`);
  }
  for (const site of removedWhileDown)
    lines.push(`${site} was down and is no longer in the spec; should it come back, it is down again`);
  for (const path of removedConfigs) {
    const what = out.paint("yellow", `${path} is removed`);
    lines.push(`${what}: a service or a config of yours that names it fails at its next start or reload`);
  }
  for (const { name, reload, command, risk, lacksGates } of servers) {
    const once = lacksGates ? ", once your config includes the files of fence" : "";
    if (reload === "done") lines.push(`${name} is reloaded`);
    if (reload === "needed") {
      lines.push(
        `${out.paint("yellow", `${name} has to reload`)}${once}: fence apply --reload, or by hand: ${command}`,
      );
    }
    if (reload === "restart") {
      lines.push(
        `${out.paint("yellow", `${name} has to restart`)}${once}, as its service does; on a reload ${risk}`,
      );
    }
    if (reload === "unknown") {
      lines.push(
        `${out.paint("yellow", `${name} may have to reload`)}: ${printable(risk ?? "it may not run")}`,
      );
    }
    if (reload === "not-running") {
      const how = command === null ? "" : `, as its service does or by hand: ${command}`;
      lines.push(`${name} does not run; it reads the config when it starts${how}`);
    }
  }
  return lines;
}
