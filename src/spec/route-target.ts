import { normalisedPath } from "./normalised-path.js";
import type { UpstreamRoute } from "./route-types.js";

/** A segment `.` or `..`, however it is written: it may lead out of what is taken off or put before. */
const DOT_SEGMENT = /(?:\/|%2f)(?:\.|%2e){1,2}(?:\/|%2f|$)/i;

/** Visible characters that do not stand for themselves in a path. */
const FORBIDDEN = Buffer.from('"#%<>?\\^`{|}');

/** What stands in a decoded path for bytes that are not UTF-8. */
const LOST = "\ufffd";

/** Whether a route asks its upstream for another path than the client asked for. */
export function changesTarget({ stripPrefix, addPrefix }: UpstreamRoute): boolean {
  return stripPrefix || addPrefix !== "";
}

/**
 * What the upstream of a route is asked for. What follows the prefix stays as the client has written it, so that an
 * encoded slash stays one. Where the client has not written the prefix as it is, or there are dot segments, the path is
 * encoded anew. It begins with one slash, and the query stays.
 * @param target origin-form, as sent
 * @param path the same path decoded once and normalised, which the route takes
 */
export function targetOf(route: UpstreamRoute, target: string, path: string): string {
  const { match, stripPrefix, addPrefix } = route;
  const prefix = stripPrefix && match.value !== "/" ? match.value : "";
  const [sent = "", query = ""] = splitOnce(target);
  const rest = restOf(sent, prefix) ?? encodedAnew(sent, path, prefix).replace(/^\/+/, "");
  return `${encodedPath(addPrefix)}/${rest}${query}`;
}

/** What follows a prefix, without slashes at its beginning; null: the text does not begin with it as it is. */
function restOf(sent: string, prefix: string): string | null {
  const written = encodedPath(prefix);
  if (DOT_SEGMENT.test(sent) || !sent.startsWith(written)) return null;
  const rest = sent.slice(written.length);
  return rest === "" || rest.startsWith("/") ? rest.replace(/^\/+/, "") : null;
}

/** What of a decoded path follows a prefix. */
function encodedAnew(sent: string, path: string, prefix: string): string {
  const bytes = path.includes(LOST) ? normalisedPath(bytesOf(sent)) : null;
  if (bytes === null) return encodedPath(path.slice(prefix.length));
  return encodedBytes(Buffer.from(bytes, "latin1").subarray(Buffer.byteLength(prefix)));
}

/** Decoded once, a character for each byte. */
function bytesOf(sent: string): string {
  return sent.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

/** Bytes that a path may not have by itself (RFC 3986, 3.3), and the `%`, as `%HH`; square brackets stay, as they do with nginx. */
export function encodedPath(path: string): string {
  return encodedBytes(Buffer.from(path));
}

function encodedBytes(bytes: Buffer): string {
  return [...bytes]
    .map((byte) =>
      byte <= 0x20 || byte >= 0x7f || FORBIDDEN.includes(byte)
        ? `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
        : String.fromCharCode(byte),
    )
    .join("");
}

/** Path, and the query with its `?`. */
function splitOnce(target: string): [string, string] {
  const at = target.indexOf("?");
  return at === -1 ? [target, ""] : [target.slice(0, at), target.slice(at)];
}
