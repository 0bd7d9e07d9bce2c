import { createTwoFilesPatch } from "diff";
import type { RenderedTree } from "../plan/types.js";
import { sha256 } from "./manifest.js";
import { readTree } from "./render-tree.js";

/** One file of the output that is not what the spec renders to. */
export interface Drift {
  /** Relative to the output folder. */
  path: string;
  /**
   * missing: it was removed by hand, or nothing is rendered yet. extra: fence did not write it. edited: changed by
   * hand. mode: its executable bit differs. outdated: fence wrote it, and the spec or fence has changed since.
   */
  kind: "missing" | "extra" | "edited" | "mode" | "outdated";
}

/** Compares the output with what the spec renders to; empty when they agree. @throws FenceError output-not-writable */
export function checkTree(outputDir: string, tree: RenderedTree): Drift[] {
  const onDisk = readTree(outputDir);
  const recorded = new Map(Object.entries(onDisk?.manifest?.files ?? {}));
  const there = new Map((onDisk?.files ?? []).map((file) => [file.path, file]));
  const wanted = new Map(tree.files.map((file) => [file.path, file]));
  const drift: Drift[] = [];
  for (const path of [...new Set([...wanted.keys(), ...there.keys()])].sort()) {
    const file = there.get(path);
    const planned = wanted.get(path);
    const sum = recorded.get(path);
    if (file === undefined)
      drift.push({ path, kind: sum === undefined && onDisk !== null ? "outdated" : "missing" });
    else if (sum === undefined) drift.push({ path, kind: "extra" });
    else if (sha256(file.content) !== sum) drift.push({ path, kind: "edited" });
    else if (planned === undefined || planned.content !== file.content)
      drift.push({ path, kind: "outdated" });
    else if (planned.executable !== file.executable) drift.push({ path, kind: "mode" });
  }
  return drift;
}

interface DiffFile {
  path: string;
  content: string;
}

/** A unified diff of two trees, as `git diff` and `patch -p1` read it; empty when their contents agree. */
export function diffTree(before: readonly DiffFile[], after: readonly DiffFile[]): string {
  const old = new Map(before.map((file) => [file.path, file.content]));
  const now = new Map(after.map((file) => [file.path, file.content]));
  let text = "";
  for (const path of [...new Set([...old.keys(), ...now.keys()])].sort()) {
    const [from, to] = [old.get(path), now.get(path)];
    if (from === to) continue;
    const fromName = from === undefined ? "/dev/null" : `a/${path}`;
    const toName = to === undefined ? "/dev/null" : `b/${path}`;
    const patch = createTwoFilesPatch(fromName, toName, from ?? "", to ?? "", undefined, undefined, {
      context: 3,
    });
    text += `diff --git a/${path} b/${path}\n${patch.replace(/^=+\n/, "")}`;
  }
  return text;
}
