/** The first descriptor that systemd passes; SD_LISTEN_FDS_START of sd_listen_fds(3). */
const FIRST_FD = 3;
/** Whose successor a process is; set by `fence proxy upgrade` for the one that it starts. */
const PREDECESSOR = "FENCE_PROXY_PREDECESSOR";
const VARIABLES = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", PREDECESSOR];

/** What another process has passed on to this one. */
export interface Inherited {
  /** Descriptors of listening sockets. */
  fds: readonly number[];
  /** The proxy that this process is to take over from; null: it starts afresh. */
  predecessor: number | null;
}

/**
 * Takes over what systemd, or an older proxy, passes by the convention of sd_listen_fds(3), once: the variables are gone
 * afterwards, so that no child takes them for its own. A parent that is Node cannot know the pid of a child before it
 * runs, and so says its own instead of LISTEN_PID.
 */
export function takeInherited(env: NodeJS.ProcessEnv, pid: number, parent: number): Inherited {
  const { LISTEN_FDS: count, LISTEN_PID: meant, [PREDECESSOR]: older } = env;
  for (const name of VARIABLES) Reflect.deleteProperty(env, name);
  const predecessor = older !== undefined && Number(older) === parent ? parent : null;
  const isMeant = predecessor !== null || (meant !== undefined && Number(meant) === pid);
  const fds = isMeant && /^\d{1,4}$/.test(count ?? "") ? Number(count) : 0;
  return { fds: Array.from({ length: fds }, (_, index) => FIRST_FD + index), predecessor };
}

/** The environment of a successor that gets so many descriptors, the first of them as number 3. */
export function successorEnv(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return {
    ...env,
    LISTEN_FDS: String(names.length),
    // A name may not hold the colon that separates it from the next.
    LISTEN_FDNAMES: names.map((name) => name.replaceAll(":", "_")).join(":"),
    [PREDECESSOR]: String(process.pid),
  };
}
