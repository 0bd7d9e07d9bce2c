import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

/**
 * The licence of every package that is in a bundle, as each of them asks for.
 * @param {string} root the project's folder
 * @param {readonly string[]} inputs the files that went into the bundle, relative to it
 * @returns {string} Markdown
 */
export function licencesOf(root, inputs) {
  const folders = inputs.flatMap((file) => /^node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? []);
  const sections = [...new Set(folders)].sort().map((home) => {
    const { name, version, license } = JSON.parse(
      readFileSync(path.join(root, home, "package.json"), "utf8"),
    );
    const file = readdirSync(path.join(root, home)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? license : readFileSync(path.join(root, home, file), "utf8").trim();
    return `## ${name} ${version}\n\n${text}\n`;
  });
  return `# What fence brings along\n\n${sections.join("\n")}`;
}
