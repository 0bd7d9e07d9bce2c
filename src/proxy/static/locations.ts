import type { Fallback } from "../../spec/route-types.js";
import type { RequestHead } from "../wire/types.js";

/** Where a file that is not here is: the path as the client sent it, without its query, behind a base of the spec. */
export function fallbackLocation({ base, append }: Fallback, target: string): string {
  const [path = "/"] = target.split(/[?#]/, 1);
  return `${base}${append === "path" ? path : path.slice(path.lastIndexOf("/"))}`;
}

/** The same path as a folder. A normalised path has one slash at its beginning, so that it is no other host. */
export function slashLocation({ path, target }: RequestHead): string {
  const query = target.indexOf("?");
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return `${encoded}/${query === -1 ? "" : target.slice(query)}`;
}
