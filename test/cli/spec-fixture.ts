import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { fence } from "./run-fence.js";

export interface FixtureOptions {
  sites?: readonly string[];
  port?: number;
  stateDir?: string;
  output?: string;
  /** Further lines of `[server.web]`. */
  serverLines?: string;
}

/** `writeSpec`, rendered: a switch refuses a spec that never was. */
export async function writeRenderedSpec(folder: string, options: FixtureOptions = {}): Promise<string> {
  const file = writeSpec(folder, options);
  const { code, stderr } = await fence(["-c", file, "render"]);
  assert.equal(code, 0, stderr);
  return file;
}

/** A spec of stock nginx with one server that nobody has started. */
export function writeSpec(folder: string, options: FixtureOptions = {}): string {
  const {
    sites = ["main"],
    port = 24_400,
    stateDir = "state",
    output = "rendered",
    serverLines = "",
  } = options;
  const file = path.join(folder, "fence.toml");
  const tables = sites.map((site) => `[site.${site}]\nhosts = ["${site}.test"]\nupstream = "app"\n`);
  writeFileSync(
    file,
    `state_dir = "${stateDir}"
run_dir = "run"
output = "${output}"

[server.web]
kind = "nginx"
listen = ["127.0.0.1:${port}"]
${serverLines}

[upstream.app]
backends = ["127.0.0.1:${port + 1}"]

${tables.join("\n")}`,
  );
  return file;
}
