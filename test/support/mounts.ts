import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { findProgram } from "./needs.js";

/** A mounted file system; as root, and not in every container. */
export class Mount {
  private constructor(readonly folder: string) {}

  /** @returns null: this machine does not let us */
  static of(folder: string, ...args: readonly string[]): Mount | null {
    mkdirSync(folder, { recursive: true });
    const { status } = spawnSync(pathOf("mount"), [...args, folder], { stdio: "ignore" });
    return status === 0 ? new Mount(folder) : null;
  }

  end(): void {
    execFileSync(pathOf("umount"), [this.folder]);
  }
}

/** Makes an ext4 file system in a file. */
export function makeImage(file: string, megabytes: number): void {
  execFileSync(pathOf("mkfs.ext4"), ["-q", "-F", file, `${megabytes}M`], { stdio: "ignore" });
}

function pathOf(program: string): string {
  return findProgram(program) ?? program;
}
