import { rmSync } from "node:fs";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/**
 * A program of the tests with all that it consists of in one file, for those that start it many times: finding the others
 * would take longer than what it does.
 * @param name of the module beside this one, without its end
 * @returns the file, which is removed when the test file ends
 */
export async function bundled(name: string): Promise<string> {
  const source = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  // Beside it, as fence looks for its own files from where it is.
  const outfile = source.replace(/\.js$/, `.${process.pid}.mjs`);
  after(() => rmSync(outfile, { force: true }));
  const js = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
  const how = { bundle: true, platform: "node", format: "esm", banner: { js } } as const;
  await build({ ...how, entryPoints: [source], outfile });
  return outfile;
}
