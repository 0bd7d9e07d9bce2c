/** A whole answer of the proxy's own. */
export interface Answer {
  status: number;
  /** Status line and fields, each with its CRLF; without Date, Connection and the empty line. One character a byte. */
  head: string;
  /** A string has one character a byte; a buffer is shared by many answers and never written to. */
  body: string | Buffer;
  /** Of an answer that is given again and again: all of it as most clients get it, with the Date line of this second. */
  whole?: { dateLine: string; text: string };
}

/** The same answer, to be given again and again. A body that is no string is not remembered as a whole. */
export function repeatedly(answer: Answer): Answer {
  return typeof answer.body === "string" ? { ...answer, whole: { dateLine: "", text: "" } } : answer;
}

/** All of an answer in one text for a client of HTTP/1.1 that goes on; made once a second. null: it is not remembered */
export function wholeText({ head, body, whole }: Answer, dateLine: string): string | null {
  if (whole === undefined || typeof body !== "string") return null;
  if (whole.dateLine !== dateLine) {
    whole.dateLine = dateLine;
    whole.text = `${head}${dateLine}\r\n${body}`;
  }
  return whole.text;
}

/** Bodies up to this size travel as a string, in one write with their head. */
export const STRING_BYTES_MAX = 8192;

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  204: "No Content",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};

export function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${REASONS[status] ?? "Unknown"}\r\n`;
}

/** @param fields each with its CRLF; Content-Length is added, but for 204 and 304. */
export function answerOf(status: number, fields: string, body: string | Buffer): Answer {
  const length = status === 204 || status === 304 ? "" : `Content-Length: ${body.length}\r\n`;
  return { status, head: `${statusLine(status)}${fields}${length}`, body };
}

/** The body as it travels: small ones as a string. */
export function bodyOf(bytes: Buffer): string | Buffer {
  return bytes.length <= STRING_BYTES_MAX ? bytes.toString("latin1") : bytes;
}

/** The UTF-8 bytes of a text as a string with one character a byte. */
export function latin1Of(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
