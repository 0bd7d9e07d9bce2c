import { MIME_DEFAULT, MIME_TYPES } from "../../servers/mime.js";

/** The field line of a file's media type, by the end of its name. */
export function mediaTypeLine(path: string): string {
  return `Content-Type: ${mediaTypeOf(path)}\r\n`;
}

function mediaTypeOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  const extension = dot === -1 ? "" : name.slice(dot + 1).toLowerCase();
  return Object.hasOwn(MIME_TYPES, extension) ? (MIME_TYPES[extension] ?? MIME_DEFAULT) : MIME_DEFAULT;
}
