import type { ExitName } from "../base/exit.js";
import { FenceError } from "../base/errors.js";
import type { Spec } from "../spec/types.js";
import type { Context } from "./context.js";
import { folderFindings } from "./doctor-folders.js";
import { kindFindings, serverFindings } from "./doctor-servers.js";
import { loadSpecOf } from "./machine.js";
import { printable } from "../base/printable.js";

/** One thing that was looked at. A problem stands in the way; a note is good to know. */
export interface Finding {
  level: "ok" | "note" | "problem";
  /** What it is about, e.g. `fence`, `web`, `state_dir`. */
  about: string;
  sentence: string;
}

/** `fence doctor` */
export async function doctor(context: Context): Promise<ExitName> {
  const findings: Finding[] = [hostFinding()];
  const spec = await specOrFinding(context, findings);
  if (spec) {
    for (const server of spec.servers) findings.push(...(await serverFindings(spec, server)));
    findings.push(...(await folderFindings(spec)));
  } else {
    findings.push(...(await kindFindings()));
  }
  const isFit = findings.every((finding) => finding.level !== "problem");
  if (context.json) context.out.line(JSON.stringify({ schema: "fence/doctor@1", ok: isFit, findings }));
  else printFindings(context, findings);
  return isFit ? "ok" : "failed";
}

function hostFinding(): Finding {
  const user = process.getuid?.() === 0 ? "root" : `user ${process.getuid?.() ?? "unknown"}`;
  const sentence = `Node ${process.versions.node} on ${process.platform} ${process.arch}, as ${user}`;
  const isLinux = process.platform === "linux";
  return {
    level: isLinux ? "ok" : "problem",
    about: "host",
    sentence: isLinux ? sentence : `${sentence}: fence needs Linux`,
  };
}

/** No spec is worth a note, for a host is looked at before it has one; a wrong spec is a problem. */
async function specOrFinding(context: Context, findings: Finding[]): Promise<Spec | null> {
  try {
    const spec = await loadSpecOf(context);
    findings.push({ level: "ok", about: "spec", sentence: spec.file });
    return spec;
  } catch (error) {
    if (!(error instanceof FenceError)) throw error;
    const level = error.code === "spec-not-found" && context.config === null ? "note" : "problem";
    findings.push({ level, about: "spec", sentence: error.message });
    return null;
  }
}

function printFindings(context: Context, findings: readonly Finding[]): void {
  const { out } = context;
  const marks = {
    ok: out.paint("green", out.unicode ? "✓ " : "ok"),
    note: out.paint("yellow", out.unicode ? "• " : "- "),
    problem: out.paint("red", "! "),
  };
  for (const { level, about, sentence } of findings) {
    if (level !== "problem" && context.quiet) continue;
    out.line(`${marks[level]} ${about}: ${printable(sentence)}`);
  }
}
