import { createHash } from "node:crypto";
import type { RenderedTree } from "../plan/types.js";

export const MANIFEST_FILE = "manifest.json";
const SCHEMA = "fence/manifest@1";

/** What a rendered tree says of itself, in its `manifest.json`. */
export interface Manifest {
  /** Version of the fence that wrote it. */
  fence: string;
  schema: typeof SCHEMA;
  /** Digest of the tree, see RenderedTree. */
  digest: string;
  spec_sha256: string;
  /** SHA-256 (hex) of every other file, by path. */
  files: Readonly<Record<string, string>>;
}

export function manifestOf(tree: RenderedTree, specSha256: string, fenceVersion: string): Manifest {
  const files = Object.fromEntries(tree.files.map(({ path, content }) => [path, sha256(content)]));
  return { fence: fenceVersion, schema: SCHEMA, digest: tree.digest, spec_sha256: specSha256, files };
}

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** null when the text is not a manifest of fence. */
export function parseManifest(text: string): Manifest | null {
  try {
    const value = JSON.parse(text) as Partial<Manifest> | null;
    const isOurs =
      value?.schema === SCHEMA && typeof value.digest === "string" && typeof value.files === "object";
    return isOurs && value.files !== null ? (value as Manifest) : null;
  } catch {
    return null;
  }
}

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
