import { readFileSync } from "node:fs";
import { ownFile } from "../base/own-files.js";

/** The version in package.json. */
export function fenceVersion(): string {
  const text = readFileSync(ownFile("package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
