import { connect, type Server } from "node:net";

/**
 * What `bind` makes gets this mode from its first moment, whatever the umask. A chmod(2) afterwards goes by name, and
 * whoever may write to the folder could have put another file there by then.
 */
export function withMode<T>(mode: number, bind: () => T): T {
  const before = process.umask(0o777 & ~mode);
  try {
    return bind();
  } finally {
    process.umask(before);
  }
}

/**
 * Listens on a unix socket that nobody but this user, and root, may ever connect to.
 * @throws Error of bind(2) or listen(2)
 */
export function listenClosed(server: Server, path: string, backlog = 511): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const opened = (): void => {
      server.off("error", reject);
      resolve();
    };
    // Node binds within the call.
    withMode(0o600, () => server.listen({ path, backlog }, opened));
  });
}

/** Whether another process listens on a unix socket. Silence counts: a listener may be too busy to take more. */
export function isTaken(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) =>
      resolve(code !== "ECONNREFUSED" && code !== "ENOENT"),
    );
  });
}
