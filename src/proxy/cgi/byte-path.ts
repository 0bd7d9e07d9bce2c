import { normalisedPath } from "../../spec/normalised-path.js";
import { latin1Of } from "../answers/answer.js";
import type { RequestHead } from "../wire/types.js";

const PLAIN = /^[\x20-\x7e]*$/;
const CONTROL = /[\x00-\x1f\x7f]/;

/**
 * The decoded, normalised path of a request with one character a byte, as variables and file names want it.
 * @returns null when it has a control character
 */
export function bytePath({ path, target }: RequestHead): string | null {
  if (PLAIN.test(path)) return path;
  // What is not UTF-8 was lost on the way to `path`.
  const bytes = path.includes("\ufffd") ? normalisedPath(decoded(target)) : latin1Of(path);
  return bytes === null || CONTROL.test(bytes) ? null : bytes;
}

function decoded(target: string): string {
  const [path = ""] = target.split("?", 1);
  return path.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}
