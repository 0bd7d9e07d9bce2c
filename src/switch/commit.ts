import { readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { symlinkAtomic, writeAtomic } from "../base/durable.js";
import { FileError } from "../base/file-error.js";
import type { SwitchPoint } from "../servers/adapter.js";
import { generationPath } from "./on-disk.js";
import { FILE_MODE } from "./paths.js";

/**
 * Puts a staged generation in force: one rename, never a write in place.
 * @throws FileError nothing changed; NotDurable it is in force, but a power cut may bring the old one back
 */
export function commit(point: SwitchPoint, generation: number): void {
  const path = generationPath(point, generation);
  if (point.form === "folder") {
    symlinkAtomic(point.active, relative(dirname(point.active), path));
    return;
  }
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw new FileError("read", path, error);
  }
  writeAtomic(point.active, content, { mode: FILE_MODE, touch: point.touch });
}
