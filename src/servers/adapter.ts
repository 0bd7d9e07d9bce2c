import type { Mode } from "../base/mode.js";
import type { ModeValues, Server, ServerKind, Site, Spec } from "../spec/types.js";

/**
 * What fence knows of one kind of web server. Adapters are pure: spec in, data out.
 * Reading the machine (is it running, what does a worker report) lives in src/verify.
 */
export interface ServerAdapter {
  kind: ServerKind;
  /** The modes that a site can be in on this kind; another one is refused before anything is changed. */
  modes: readonly Mode[];
  /** Handlebars helpers that encode a spec value for one context of this server's languages. */
  encoders: Readonly<Record<string, Encoder>>;
  /** The config files of one server, paths relative to its folder `<output>/<server>/`. */
  files(spec: Spec, server: Server): readonly PlannedFile[];
  /** How a mode of a site takes force on a server. */
  switchPoint(spec: Spec, server: Server, site: Site): SwitchPoint;
  /** The files of one variant. For form "file" exactly one, its name ignored. */
  variant(spec: Spec, server: Server, site: Site, values: ModeValues): readonly VariantFile[];
  /** The server's own config test on a rendered (perhaps staged) main config; null for config = "include" (the main config is not ours) and for what is part of fence. */
  configTest(server: Server, serverDir: string): Command | null;
  /** What `<run_dir>/<server>/` must be like before the server starts. */
  runFolder(server: Server): RunFolder;
  /** Reads the new config without cutting requests. */
  reloadSignal: NodeJS.Signals;
  /** Arguments that make the binary print its version, and how to read it: `1.4.69`; null: the server is part of fence. */
  version: { args: readonly string[]; pattern: RegExp } | null;
  /**
   * What shows that a reload has happened: nginx gets new workers, the proxy tells the digest of what it serves by,
   * lighttpd stays the same process.
   */
  reloadShows: "new-workers" | "config-digest" | "nothing";
  /** What this version cannot do: one sentence each; an empty list is fit. */
  unfit(version: string, buildInfo: string): readonly string[];
  /** What this kind cannot do for this spec, or does differently: one sentence each, printed by `fence check`. */
  limits(spec: Spec, server: Server): readonly Limit[];
}

/** Throws EncodeError for a value that the context cannot carry. */
export type Encoder = (value: string) => string;

export class EncodeError extends Error {
  override readonly name = "EncodeError";
  /** The value, once the template engine has seen the error pass. */
  value: string | null = null;
}

export interface PlannedFile {
  /** Relative to `<output>/<server>/`, `/`-separated. */
  path: string;
  /** Template name below `templates/`, without `.hbs`, e.g. `nginx/nginx.conf`. */
  template: string;
  /** Values for the template; every string in it that is not an identifier goes through an encoder helper. */
  values: Readonly<Record<string, unknown>>;
  executable: boolean;
  /** A change takes effect only when the server reloads. */
  wiring: boolean;
}

export interface VariantFile {
  name: string;
  /** Either a template with values, or content as it is. */
  source: { template: string; values: Readonly<Record<string, unknown>> } | { content: string };
}

export interface SwitchPoint {
  site: string;
  server: string;
  kind: ServerKind;
  /** file: `active` is replaced by rename of a copy. folder: `active` is a symlink replaced by rename. */
  form: "file" | "folder";
  /** Absolute; its name has at most one dot. Generation 12 of `main.lua` is `main.12.lua` beside it, of `main` it is `main.12`. */
  active: string;
  /** Set the times of `active` after the rename (lighttpd's inotify stat cache does not watch for renames). */
  touch: boolean;
  /** Unix socket on which the server reports; null when it has none. */
  controlSocket: string | null;
}

export interface RunFolder {
  /** Permission bits; the folder is root's. */
  mode: number;
  /** The user that must own the pid file, which must be there before the start; null: the server makes it as it likes. */
  pidFileOwner: string | null;
}

export interface Command {
  program: string;
  args: readonly string[];
  /** Anything on stderr is a failure even when the exit code is 0 (lighttpd -tt accepts unknown keys with a warning). */
  stderrFails: boolean;
}

export interface Limit {
  /** refuse: `fence check` fails and nothing is changed. note: said, not refused. */
  level: "refuse" | "note";
  site: string | null;
  sentence: string;
}
