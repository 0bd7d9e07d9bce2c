import type { Sendfile } from "../../spec/types.js";
import type { ResponseHead } from "../wire/types.js";

/** A file that a backend names in place of a body. */
export interface NamedFile {
  /** Folder of the spec, absolute. */
  readonly dir: string;
  /** Below dir, absolute, without dot segments; a symlink may still lead anywhere. */
  readonly path: string;
}

const CONTROL_OR_BACKSLASH = /[\x00-\x1f\x7f\\]/;

/** The folders whose files a site's backends may have sent. */
export class NamedFiles {
  /** The widest first: what any of them allows is allowed. */
  private readonly roots: readonly string[];
  /** The longest prefix first. */
  private readonly accel: Sendfile["accel"];

  constructor({ roots, accel }: Sendfile) {
    this.roots = [...roots].sort((a, b) => a.length - b.length);
    this.accel = [...accel].sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /**
   * @returns null: the answer names none; "malformed": it names no path, or two files; "outside": none of the folders
   * has it
   */
  of({
    sendfile,
    accelRedirect,
  }: Pick<ResponseHead, "sendfile" | "accelRedirect">): NamedFile | "malformed" | "outside" | null {
    if (sendfile === "" && accelRedirect === "") return null;
    if (sendfile !== "" && accelRedirect !== "") return "malformed";
    const path = decodedPath(sendfile === "" ? withoutQuery(accelRedirect) : sendfile);
    if (path === null) return "malformed";
    return (sendfile === "" ? this.belowPrefix(path) : this.belowRoot(path)) ?? "outside";
  }

  private belowRoot(path: string): NamedFile | null {
    const dir = this.roots.find((root) => path.startsWith(`${root}/`));
    return dir === undefined ? null : { dir, path };
  }

  private belowPrefix(path: string): NamedFile | null {
    const rule = this.accel.find(({ prefix }) => path.startsWith(prefix));
    return rule === undefined
      ? null
      : { dir: rule.dir, path: `${rule.dir}/${path.slice(rule.prefix.length)}` };
  }
}

/** X-Accel-Redirect is a URI, whose query no file has. */
function withoutQuery(uri: string): string {
  const query = uri.indexOf("?");
  return query === -1 ? uri : uri.slice(0, query);
}

/**
 * Decoded once, as lighttpd and nginx do. What would have to be repaired is refused: an application that lets its users
 * name files should find out.
 * @param text one character a byte
 * @returns null: not an absolute path of UTF-8 without dot segments
 */
function decodedPath(text: string): string | null {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return null;
  const bytes = text.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
  const path = Buffer.from(bytes, "latin1").toString("utf8");
  if (!path.startsWith("/") || path.includes("\ufffd") || CONTROL_OR_BACKSLASH.test(path)) return null;
  // Applications put folder and name together with a slash too many; it means nothing.
  const single = path.replace(/\/{2,}/g, "/");
  return /\/\.\.?(?:\/|$)/.test(single) ? null : single;
}
