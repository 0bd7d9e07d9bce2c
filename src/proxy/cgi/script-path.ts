/** What of a request's path names the script and what is left for it. Texts have one character a byte. */
export interface Script {
  /** SCRIPT_NAME */
  readonly name: string;
  /** PATH_INFO */
  readonly info: string;
  /** SCRIPT_FILENAME; null: the application is not a file. */
  readonly file: string | null;
}

/** A place where a path may be split. */
export interface Split {
  readonly name: string;
  readonly info: string;
}

/** No honest path has more. */
const SPLITS_MAX = 16;

/**
 * Where a path could end to be the name of a script: behind each segment that ends with one of the extensions, the
 * shortest first; last the index of a folder. Which of them it is, the disk says: `/a.jpg/x.php` names no script as long
 * as `/a.jpg` is a picture.
 */
export function splitsOf(path: string, extensions: readonly string[], index: string): Split[] {
  const splits: Split[] = [];
  for (let slash = path.indexOf("/", 1); splits.length < SPLITS_MAX; slash = path.indexOf("/", slash + 1)) {
    const end = slash === -1 ? path.length : slash;
    if (extensions.some((extension) => path.endsWith(extension, end)))
      splits.push({ name: path.slice(0, end), info: path.slice(end) });
    if (slash === -1) break;
  }
  if (path.endsWith("/")) splits.push({ name: path + index, info: "" });
  return splits;
}
