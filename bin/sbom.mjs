/**
 * `npm run sbom`: what fence needs at run time, by name, version, licence and hash, as CycloneDX 1.5. From the lock file
 * alone, so that the same lock file gives the same bytes. `npm sbom --omit=dev` leaves out what packages for development
 * need besides.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { name, version, packages } = JSON.parse(readFileSync(path.join(ROOT, "package-lock.json"), "utf8"));

/** One package of the lock file; `integrity` is `sha512-` and base64. */
function componentOf([folder, { version, integrity, license }]) {
  const name = folder.replace(/^.*node_modules\//, "");
  const content = Buffer.from(integrity.replace(/^sha512-/, ""), "base64").toString("hex");
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    purl,
    hashes: [{ alg: "SHA-512", content }],
    licenses: [{ expression: license }],
  };
}

const components = Object.entries(packages)
  .filter(([folder, { dev, devOptional }]) => folder !== "" && !dev && !devOptional)
  .map(componentOf);
const component = { type: "application", "bom-ref": `pkg:npm/${name}@${version}`, name, version };
const bom = { bomFormat: "CycloneDX", specVersion: "1.5", version: 1, metadata: { component }, components };
process.stdout.write(`${JSON.stringify(bom, null, 2)}\n`);
