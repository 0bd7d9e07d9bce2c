import { spawn } from "node:child_process";
import { ownProgram } from "../base/own-files.js";

const MAIN = ownProgram("workers/listen-main.js");

/**
 * Calls listen(2) for a socket that this process keeps. Node's own way would accept the first connection as soon as it
 * turns to its events, and that would be lost. That a socket listens is a fact of the socket and not of a process: one that
 * ends at once says it, and never accepts.
 * @throws Error why it does not listen
 */
export function listenNow(fd: number, backlog: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, String(backlog)], {
      stdio: ["ignore", "ignore", "pipe", fd],
      env: {},
    });
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(said.trim() || `listen ended with ${code ?? "a signal"}`));
    });
  });
}
