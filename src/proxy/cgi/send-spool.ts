import type { CgiConnection } from "./cgi-connection.js";
import type { Spool } from "./spool.js";

/** One record less than 64 KiB. */
const PIECE_BYTES = 65_535;
const NOTHING = Buffer.alloc(0);

/** Sends a gathered body: at once from memory, from a file as the backend takes it. */
export async function sendSpool(connection: CgiConnection, spool: Spool): Promise<void> {
  const { pieces } = spool;
  if (pieces !== null) {
    for (const piece of pieces) connection.sendBody(piece, "", false);
    connection.sendBody(NOTHING, "", true);
    return;
  }
  try {
    await sendFile(connection, spool);
  } catch (error) {
    if (!connection.socket.destroyed) connection.giveUp((error as Error).message);
  }
}

async function sendFile(connection: CgiConnection, spool: Spool): Promise<void> {
  const { socket } = connection;
  for (let at = 0; at < spool.bytes;) {
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, spool.bytes - at));
    const length = await spool.read(piece, at);
    if (socket.destroyed) return;
    if (length === 0) throw new Error("the gathered body is gone");
    at += length;
    connection.noteSent();
    if (!connection.sendBody(piece.subarray(0, length), "", at === spool.bytes)) await drained(connection);
    if (socket.destroyed) return;
  }
}

function drained({ socket }: CgiConnection): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.on("drain", done);
    socket.on("close", done);
  });
}
