import type { GateDoor } from "../servers/gate-doors.js";

type Refusal = NonNullable<GateDoor["refusal"]>;

/** Types of FastCGI records, and nginx's only number of a request (FastCGI 1.0, 8; ngx_http_fastcgi_module.c). */
const STDOUT = 6;
const END_REQUEST = 3;
const REQUEST_ID = 1;
const END_BYTES = 8;

/**
 * What tells nginx to answer as down does, in the protocol that it speaks to the door. The status is what a client gets where
 * nginx is told to ignore X-Accel-Redirect.
 */
export function refusalBytes({ protocol, location }: Refusal): Buffer {
  const fields = `X-Accel-Redirect: ${location}\r\nContent-Length: 0\r\n`;
  if (protocol === "http")
    return Buffer.from(`HTTP/1.1 503 Service Unavailable\r\n${fields}Connection: close\r\n\r\n`);
  const answer = Buffer.from(`Status: 503 Service Unavailable\r\n${fields}\r\n`);
  if (protocol !== "fastcgi") return answer;
  const none = Buffer.alloc(0);
  return Buffer.concat([
    record(STDOUT, answer),
    record(STDOUT, none),
    record(END_REQUEST, Buffer.alloc(END_BYTES)),
  ]);
}

function record(type: number, content: Buffer): Buffer {
  const head = Buffer.from([1, type, 0, REQUEST_ID, 0, 0, 0, 0]);
  head.writeUInt16BE(content.length, 4);
  return Buffer.concat([head, content]);
}
