import type { Socket } from "node:net";
import { TIMEOUTS_SEC } from "../timeouts.js";
import { parseProxyHeader, type ProxyHeader } from "../wire/proxy-header.js";

/**
 * Reads the PROXY header of a connection, and leaves what comes after it to be read from the socket, which is paused.
 * @param done with the header, or with one sentence why there is none: the connection is of no use then
 */
export function readProxyHeader(socket: Socket, done: (header: ProxyHeader | string) => void): void {
  let received: Buffer = Buffer.alloc(0);
  const end = (outcome: ProxyHeader | string): void => {
    clearTimeout(timer);
    socket.off("data", onData).off("end", onEnd).off("close", onEnd);
    done(outcome);
  };
  const onEnd = (): void => end("the connection ended before its PROXY header did");
  const onData = (chunk: Buffer): void => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const header = parseProxyHeader(received, 0, received.length);
    if (header === "incomplete") return;
    socket.pause();
    if (header.kind === "refusal") return end(header.text);
    if (received.length > header.headBytes) socket.unshift(received.subarray(header.headBytes));
    end(header);
  };
  const timer = setTimeout(
    () => end("the PROXY header did not come in time"),
    TIMEOUTS_SEC.head * 1000,
  ).unref();
  socket.on("data", onData).on("end", onEnd).on("close", onEnd);
}
