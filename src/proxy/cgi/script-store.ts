import { realpath, stat } from "node:fs/promises";
import { latin1Of } from "../answers/answer.js";

/** outside: a symlink leads out of the root. */
export type ScriptKind = "file" | "directory" | "none" | "outside";

/** What was looked at is believed for so many ticks, so that a busy script costs no look at the disk. */
const LIFE_TICKS = 1;
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

  /** @param root absolute, without a slash at its end */
  constructor(root: string) {
    this.root = latin1Of(root);
  }

  /** @returns null when the disk must be asked first */
  known(name: string, tick: number): ScriptKind | null {
    const look = this.looks.get(name);
    return look !== undefined && tick - look.tick <= LIFE_TICKS ? look.kind : null;
  }

  /** @throws for what the disk says, other than that nothing is there */
  async look(name: string, tick: number): Promise<ScriptKind> {
    const kind = await this.kindOf(name);
    if (this.looks.size >= ENTRIES_MAX) this.looks.clear();
    this.looks.set(name, { kind, tick });
    return kind;
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
