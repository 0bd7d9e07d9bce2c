import { readFileSync } from "node:fs";
import { childrenOf } from "../base/process-info.js";

export interface NginxWorker {
  pid: number;
  /** It finishes what it has begun, after a reload or at the end, and takes no new requests. */
  isShuttingDown: boolean;
}

/** The worker processes of one nginx master; cache processes are none. */
export function nginxWorkers(masterPid: number): NginxWorker[] {
  return childrenOf(masterPid).flatMap((pid) => {
    const title = titleOf(pid);
    return title.startsWith("nginx: worker process")
      ? [{ pid, isShuttingDown: title.includes("shutting down") }]
      : [];
  });
}

/**
 * The options by which a master was started, such as `-c` and its file; none: the program knows its config by itself. What
 * is behind `-g` may have spaces.
 */
export function masterOptions(masterPid: number): string[] {
  const [, given = ""] = /^nginx: master process \S+(.*)$/s.exec(titleOf(masterPid)) ?? [];
  return [...given.matchAll(/ -([cpge]) ?(.*?)(?= -[cpge] ?|$)/gs)].flatMap(([, name = "", value = ""]) => [
    `-${name}`,
    value,
  ]);
}

/** nginx writes its role over its command line, all in one piece. Empty when the process is gone. */
function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replace(/\0.*$/s, "");
  } catch {
    return "";
  }
}
