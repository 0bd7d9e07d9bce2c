import { createHash } from "node:crypto";
import http from "node:http";

/**
 * A backend in a process of its own, to be killed: `node ledger-backend-child.js PORT`. It tells its parent of each
 * request as it begins, and answers with the length and the checksum of the body.
 */
const [port = ""] = process.argv.slice(2);

const server = http.createServer((request, response) => {
  process.send?.(String(request.headers["x-id"] ?? "none"));
  const sum = createHash("sha256");
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    sum.update(chunk);
  });
  request.on("end", () => response.end(`${bytes} ${sum.digest("hex")}`));
});
server.listen(Number(port), "127.0.0.1", () => process.send?.("ready"));
