import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import type { Context } from "./context.js";

/** `fence workers import FILE`: tables of the spec for what FCGI::Engine::Manager reads. Nothing is changed. */
export async function importWorkers(context: Context, file: string | null): Promise<ExitName> {
  if (file === null)
    throw new FenceError("usage", "which file?", { hint: "fence workers import servers.yml >> fence.toml" });
  let text: string;
  try {
    text = readFileSync(resolve(file), "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new FenceError("workers-import", `cannot read ${file} (${code ?? "unknown"})`, { cause });
  }
  const { importEngine } = await import("../workers/import-engine.js");
  const toml = importEngine(text, file);
  if (context.json) context.out.line(JSON.stringify({ schema: "fence/workers-import@1", toml }));
  else context.out.write(toml);
  return "ok";
}
