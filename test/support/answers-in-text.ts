/** One final answer in what a client received. */
export interface Received {
  status: number;
  /** Status line and fields, without the empty line. */
  head: string;
  body: string;
  /** By its framing; null: it ends where the connection does. */
  isComplete: boolean | null;
}

/** All final answers in what one connection brought, the last one perhaps cut off. */
export function answersIn(text: string, method: string): Received[] {
  const found: Received[] = [];
  for (let at = 0; at < text.length;) {
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text.slice(at, at + 12))?.[1] ?? 0);
    const end = text.indexOf("\r\n\r\n", at);
    if (status === 0 || end === -1) {
      found.push({ status, head: text.slice(at), body: "", isComplete: false });
      break;
    }
    const head = text.slice(at, end);
    at = end + 4;
    if (status < 200) continue;
    const { body, length, isComplete } = bodyIn(text.slice(at), head, status, method);
    found.push({ status, head, body, isComplete });
    at += length;
  }
  return found;
}

function bodyIn(rest: string, head: string, status: number, method: string) {
  if (method === "HEAD" || status === 204 || status === 304) return { body: "", length: 0, isComplete: true };
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return chunksIn(rest);
  const declared = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (declared === undefined) return { body: rest, length: rest.length, isComplete: null };
  const body = rest.slice(0, Number(declared));
  return { body, length: body.length, isComplete: body.length === Number(declared) };
}

function chunksIn(rest: string) {
  let body = "";
  for (let at = 0; ;) {
    const match = /^([0-9a-f]+)\r\n/i.exec(rest.slice(at, at + 20));
    if (match === null) return { body, length: rest.length, isComplete: false };
    const size = parseInt(match[1] ?? "", 16);
    at += match[0].length;
    body += rest.slice(at, at + size);
    if (rest.slice(at + size, at + size + 2) !== "\r\n")
      return { body, length: rest.length, isComplete: false };
    at += size + 2;
    if (size === 0) return { body, length: at, isComplete: true };
  }
}
