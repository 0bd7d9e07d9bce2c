import { connect, type NetConnectOpts } from "node:net";

/** FCGI_GET_VALUES and its answer: FastCGI specification 1.0, section 4.1. */
const GET_VALUES = 9;
const GET_VALUES_RESULT = 10;
const HEAD_BYTES = 8;
const NAME = "FCGI_MPXS_CONNS";

/** A management record: request 0, one name without a value, no padding. */
const QUESTION = Buffer.concat([
  Buffer.from([1, GET_VALUES, 0, 0, 0, NAME.length + 2, 0, 0]),
  Buffer.from([NAME.length, 0]),
  Buffer.from(NAME, "latin1"),
]);

/**
 * Asks a FastCGI application for one of its values. The library answers it, without the application's own code, once that
 * has come to accept.
 * @throws Error what came instead of the answer
 */
export function askValues(address: NetConnectOpts, timeoutMs: number): Promise<void> {
  const socket = connect(address);
  let head = Buffer.alloc(0);
  const asked = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer in time")), timeoutMs);
    socket.on("close", () => clearTimeout(timer));
    socket.on("error", reject);
    socket.on("end", () => reject(new Error("closed before an answer")));
    socket.on("connect", () => socket.write(QUESTION));
    socket.on("data", (bytes: Buffer) => {
      head = Buffer.concat([head, bytes]);
      if (head.length < HEAD_BYTES) return;
      if (head[0] === 1 && head[1] === GET_VALUES_RESULT) resolve();
      else reject(new Error("the answer is not FastCGI's"));
    });
  });
  return asked.finally(() => socket.destroy());
}
