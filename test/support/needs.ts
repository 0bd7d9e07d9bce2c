import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** What one need is made of; test/needs.json is the table, which bin/prepare.mjs reads too. */
interface NeedParts {
  /** Programs, looked up in PATH and in the sbin folders. */
  programs: readonly string[];
  /** Server modules, relative to a library folder such as /usr/lib. */
  modules: readonly string[];
  /** The Debian packages that bring them. */
  packages: readonly string[];
}

/** Something of the machine that a test cannot do without. */
export type Need =
  | "lighttpd"
  | "lighttpd-tls"
  | "lighttpd-deflate"
  | "nginx"
  | "nginx-lua"
  | "php-fpm"
  | "uwsgi"
  | "perl-fcgi"
  | "php-cgi"
  | "fcgi-engine"
  | "completion-shells"
  | "dpkg"
  | "git"
  | "man"
  | "mandoc"
  | "logrotate"
  | "systemd"
  | "ruby"
  | "ansible"
  | "curl"
  | "wrk"
  | "h2load"
  | "slowhttptest"
  | "strace"
  | "setfacl"
  | "prlimit"
  | "openssl"
  | "chromium"
  | "gcc"
  | "tmux"
  | "loop-image"
  | "taskset"
  | "root"
  | "linux";

const LIBRARY_FOLDERS = ["/usr/lib", "/usr/lib64", "/usr/local/lib"];
const SBIN_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/**
 * Test options that skip a test, or a whole suite, where the machine lacks something:
 * `test("a sentence", needs("nginx", "root"), async () => { … })`.
 * The runner lists what was skipped and why; with CI=true a skipped test is a failure.
 */
export function needs(...wanted: readonly Need[]): { skip: string | false } {
  const missing = wanted.map(missingPart).filter((part) => part !== null);
  return { skip: missing.length === 0 ? false : `needs ${missing.join(", ")}` };
}

/** Whether the machine has all of this; for a table of cases that picks its rows by what is there. */
export function has(...wanted: readonly Need[]): boolean {
  return needs(...wanted).skip === false;
}

/** Absolute path of a program, or null. */
export function findProgram(name: string): string | null {
  if (path.isAbsolute(name)) return existsSync(name) ? name : null;
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), ...SBIN_FOLDERS];
  for (const folder of folders) {
    const candidate = path.join(folder, name);
    if (folder !== "" && existsSync(candidate)) return candidate;
  }
  return null;
}

/** What is missing for one need, for a person; null when all of it is there. */
function missingPart(need: Need): string | null {
  if (need === "root") return process.getuid?.() === 0 ? null : "root";
  if (need === "linux") return process.platform === "linux" ? null : "Linux";
  const parts = table()[need];
  if (parts === undefined) throw new Error(`test/needs.json has no row ${need}`);
  const lacks = [
    ...parts.programs.filter((name) => findProgram(name) === null),
    ...parts.modules.filter(
      (module) => !LIBRARY_FOLDERS.some((folder) => existsSync(path.join(folder, module))),
    ),
  ];
  return lacks.length === 0 ? null : `${need} (no ${lacks.join(", ")}; Debian: ${parts.packages.join(" ")})`;
}

let cached: Readonly<Record<string, NeedParts>> | null = null;

function table(): Readonly<Record<string, NeedParts>> {
  // build/test/support/needs.js -> test/needs.json
  const file = new URL("../../../test/needs.json", import.meta.url);
  cached ??= JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, NeedParts>>;
  return cached;
}
