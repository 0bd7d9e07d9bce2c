import { ownText } from "../base/own-files.js";

/** The version in package.json. */
export function fenceVersion(): string {
  return (JSON.parse(ownText("package.json")) as { version: string }).version;
}
