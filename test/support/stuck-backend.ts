import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { fileURLToPath } from "node:url";

/** An address that takes no connection and refuses none: whoever comes there waits. */
export interface StuckBackend {
  port: number;
  end(): void;
}

/** A process that was stopped with its queue of connections full: the kernel then drops whoever asks for another one. */
export async function startStuckBackend(): Promise<StuckBackend> {
  const child = fork(fileURLToPath(import.meta.url), [], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const [port] = (await once(child, "message")) as [number];
  child.kill("SIGSTOP");
  const sockets: Socket[] = [];
  for (let isFull = false; !isFull;) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    sockets.push(socket);
    const taken = once(socket, "connect").then(() => true);
    isFull = !(await Promise.race([taken, new Promise((resolve) => setTimeout(() => resolve(false), 500))]));
  }
  const end = (): void => {
    for (const socket of sockets) socket.destroy();
    child.kill("SIGKILL");
  };
  return { port, end };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    process.send?.((server.address() as AddressInfo).port);
  });
}
