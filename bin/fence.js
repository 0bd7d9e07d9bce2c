#!/usr/bin/env node
// Plain JavaScript that any Node can read, so that an old one gets a sentence instead of a syntax error.
import { existsSync } from "node:fs";
import module from "node:module";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const main = new URL("../build/bundle/cli/start.js", import.meta.url);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`fence: Node ${process.versions.node} is too old; fence needs Node 20.19 or newer\n`);
  process.exitCode = 1;
} else if (!existsSync(main)) {
  process.stderr.write(
    "fence: the compiled program is missing (build/bundle/cli/start.js)\n  run: npm ci && npm run build\n",
  );
  process.exitCode = 1;
} else {
  // Node 22.1 and newer keep compiled code between runs, which saves a third of the start-up time.
  module.enableCompileCache?.();
  const { start } = await import(main.href);
  await start(process.argv.slice(2));
}
