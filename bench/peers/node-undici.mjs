/** node:http before undici's pool, raw fields on both sides: the least that one builds with them. */
import http from "node:http";
import { Pool } from "undici";

const [port, backend] = process.argv.slice(2).map(Number);
const pool = new Pool(`http://127.0.0.1:${backend}`, { connections: 256, pipelining: 1 });
const HOP_BY_HOP = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function endToEnd(raw) {
  const kept = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = String(raw[at]);
    if (!HOP_BY_HOP.has(name.toLowerCase())) kept.push(name, String(raw[at + 1]));
  }
  return kept;
}

class Relay {
  constructor(response) {
    this.response = response;
  }
  onConnect(abort) {
    // Its client left while it waited for a connection: to write would never be followed by a "drain".
    if (this.response.destroyed) return void abort();
    this.response.on("close", () => this.response.writableFinished || abort());
  }
  onHeaders(status, raw, resume) {
    if (status < 200) return true;
    this.response.on("drain", resume);
    this.response.writeHead(status, endToEnd(raw));
    return true;
  }
  onData(bytes) {
    return this.response.write(bytes);
  }
  onComplete() {
    this.response.end();
  }
  onError() {
    if (this.response.headersSent) this.response.destroy();
    else this.response.writeHead(502).end();
  }
}

http
  .createServer((request, response) => {
    const { method, url, headers, rawHeaders, socket } = request;
    const hasBody = "content-length" in headers || "transfer-encoding" in headers;
    const forwarded = [...endToEnd(rawHeaders), "X-Forwarded-For", socket.remoteAddress];
    const options = { path: url, method, headers: forwarded, body: hasBody ? request : null };
    pool.dispatch(options, new Relay(response));
  })
  .listen(port, "127.0.0.1");
