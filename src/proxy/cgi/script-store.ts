import { realpath, stat } from "node:fs/promises";
import { latin1Of } from "../answers/answer.js";

/** outside: a symlink leads out of the root. */
export type ScriptKind = "file" | "directory" | "none" | "outside";

/** What was looked at is believed for so many ticks, so that a busy script costs no look at the disk. */
const LIFE_TICKS = 2;
/** After so many it is looked at again, while it still is believed. */
const FRESH_TICKS = 1;
const ENTRIES_MAX = 4096;

interface Look {
  kind: ScriptKind;
  tick: number;
}

/** What lies at the paths below one root. Texts have one character a byte. */
export class ScriptStore {
  /** The root as the application is told it. */
  readonly root: string;
  private readonly looks = new Map<string, Look>();
  private readonly pending = new Map<string, Promise<ScriptKind>>();

  /** @param root absolute, without a slash at its end */
  constructor(root: string) {
    this.root = latin1Of(root);
  }

  /** @returns null when the disk must be asked first */
  known(name: string, tick: number): ScriptKind | null {
    const look = this.looks.get(name);
    if (look === undefined || tick - look.tick > LIFE_TICKS) return null;
    if (tick - look.tick >= FRESH_TICKS && !this.pending.has(name)) this.look(name, tick).catch(() => {});
    return look.kind;
  }

  /** Looks once, however many ask. @throws for what the disk says, other than that nothing is there */
  look(name: string, tick: number): Promise<ScriptKind> {
    const pending = this.pending.get(name) ?? this.lookNow(name, tick);
    this.pending.set(name, pending);
    return pending;
  }

  private async lookNow(name: string, tick: number): Promise<ScriptKind> {
    try {
      const kind = await this.kindOf(name);
      if (this.looks.size >= ENTRIES_MAX) this.looks.clear();
      this.looks.set(name, { kind, tick });
      return kind;
    } finally {
      this.pending.delete(name);
    }
  }

  private async kindOf(name: string): Promise<ScriptKind> {
    const path = Buffer.from(this.root + name, "latin1");
    try {
      const [root, real, stats] = await Promise.all([
        realpath(Buffer.from(`${this.root}/`, "latin1"), "latin1"),
        realpath(path, "latin1"),
        stat(path),
      ]);
      if (root !== "/" && real !== root && !real.startsWith(`${root}/`)) return "outside";
      return stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "none";
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (ABSENT.has(code ?? "")) return "none";
      throw error;
    }
  }
}

const ABSENT: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP", "EACCES"]);
