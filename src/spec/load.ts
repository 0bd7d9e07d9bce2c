import { readFileSync, statSync, type Stats } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { FenceError } from "../base/errors.js";
import { LIMITS } from "./limits.js";
import { logoUrl } from "./logo.js";
import { parseSpec, sha256Of } from "./parse.js";
import type { Spec } from "./types.js";

const NAME = "fence.toml";
const SYSTEM = "/etc/fence/fence.toml";

export interface FindOptions {
  /** The path of -c; undefined when it was not given. */
  explicit: string | undefined;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * The spec to use: -c, else FENCE_CONFIG, else fence.toml in the folder or one above it (up to a repository's root or
 * the home folder), else /etc/fence/fence.toml. Root does not take one that somebody else could have put there.
 * @returns absolute path
 * @throws FenceError spec-not-found, state-not-safe
 */
export function findSpec(options: FindOptions): string {
  const named = options.explicit ?? (options.env["FENCE_CONFIG"] || undefined);
  if (named !== undefined) return resolve(options.cwd, named);
  const home = options.env["HOME"] ?? homedir();
  for (let folder = options.cwd; ; folder = dirname(folder)) {
    const path = join(folder, NAME);
    const stats = look(path);
    if (stats?.isFile()) {
      refuseStrangers(path, stats, options.env);
      return path;
    }
    if (look(join(folder, ".git")) || folder === home || folder === dirname(folder)) break;
  }
  if (look(SYSTEM)) return SYSTEM;
  throw new FenceError("spec-not-found", `no ${NAME} in ${options.cwd} or above it, and no ${SYSTEM}`, {
    hint: "Name one with -c, or write one with fence init.",
  });
}

/** Whoever can write the spec decides what root runs; one found by walking up is not one that root has named. */
function refuseStrangers(path: string, stats: Stats, env: FindOptions["env"]): void {
  // eslint-disable-next-line no-restricted-syntax -- this file is the door of the pure room to the machine
  if (process.geteuid?.() !== 0) return;
  const trusted = [0, Number(env["SUDO_UID"] ?? "0")];
  const fault = !trusted.includes(stats.uid)
    ? `belongs to user ${stats.uid}`
    : (stats.mode & 0o002) !== 0
      ? "is writable by others"
      : null;
  if (fault !== null)
    throw new FenceError("state-not-safe", `${path} ${fault}`, {
      hint: `Check it, then name it: fence -c ${path} …`,
    });
}

/**
 * Reads and checks a spec and the pages it names.
 * @throws FenceError spec-not-found, spec-unreadable, spec-invalid (with every diagnostic)
 */
export async function loadSpec(path: string): Promise<Spec> {
  const file = resolve(path);
  const { text, sha256 } = readSpec(file);
  return parseSpec(text, file, readPage, sha256);
}

/** As it is by now, to tell where something stands in it. @throws FenceError spec-not-found, spec-unreadable */
export function specText({ file }: Pick<Spec, "file">): string {
  return readSpec(file).text;
}

function readSpec(file: string): { text: string; sha256: string } {
  try {
    return readText(file, LIMITS.specBytesMax);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      const hint = "Name another with -c, or write one with fence init.";
      throw new FenceError("spec-not-found", `there is no ${file}`, { cause, hint });
    }
    throw new FenceError(
      "spec-unreadable",
      `cannot read ${file}: ${message}${code === undefined ? "" : ` (${code})`}`,
      { cause },
    );
  }
}

function readPage(path: string, what: "page" | "logo"): string {
  if (what === "logo") return logoUrl(readBytes(path, LIMITS.logoBytesMax));
  const { text } = readText(path, LIMITS.pageBytesMax);
  if (text.trim() === "") throw new Error("it is empty");
  return text;
}

/** UTF-8 text without its byte order mark, and the hash of the bytes. @throws Error with a sentence, and errno's name */
function readText(path: string, bytesMax: number): { text: string; sha256: string } {
  const bytes = readBytes(path, bytesMax);
  const text = decode(bytes);
  if (text.includes("\0")) throw new Error("it holds a NUL byte");
  return { text, sha256: sha256Of(bytes) };
}

function readBytes(path: string, bytesMax: number): Uint8Array {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw new Error("it is not a file");
    if (stats.size > bytesMax) throw new Error(`it is larger than ${bytesMax} bytes`);
    const bytes = readFileSync(path);
    if (bytes.length > bytesMax) throw new Error(`it is larger than ${bytesMax} bytes`);
    return bytes;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw Object.assign(new Error(ERRNO[code] ?? code, { cause }), { code });
  }
}

const ERRNO: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "a part of its path is not a folder",
  EACCES: "permission denied",
  ELOOP: "its symlinks go in a circle",
  ENAMETOOLONG: "its path is too long",
};

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("it is not valid UTF-8");
  }
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
