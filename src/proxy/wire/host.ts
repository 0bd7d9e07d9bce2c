import { parseAddress } from "../../base/cidr.js";
import { HOST_NAME } from "./bytes.js";

/** An authority without user information. */
export interface Host {
  /** lower case, without port and closing dot; IPv6 in brackets */
  readonly name: string;
  /** as received; an empty port is dropped with its colon */
  readonly text: string;
}

/** Reads the value of Host, or the authority of an absolute target. @returns null when it is not one */
export function parseHost(text: string): Host | null {
  if (text.charCodeAt(0) === 0x5b) return parseLiteral(text);
  let flags = 0;
  let at = 0;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const flag = code < 256 ? (HOST_NAME[code] as number) : 0;
    if (flag === 0) break;
    flags |= flag;
  }
  if (at === 0) return null;
  let name = at === text.length ? text : text.slice(0, at);
  if (flags > 1) name = name.toLowerCase();
  if (name.charCodeAt(name.length - 1) === 0x2e) name = name.slice(0, -1);
  // nothing is left of a dot alone; two dots at the end are no closing dot
  if (name === "" || name.charCodeAt(name.length - 1) === 0x2e) return null;
  return withPort(name, text, at);
}

function parseLiteral(text: string): Host | null {
  const close = text.indexOf("]");
  const address = text.slice(1, close);
  if (close < 0 || !address.includes(":") || parseAddress(address) === null) return null;
  return withPort(text.slice(0, close + 1).toLowerCase(), text, close + 1);
}

function withPort(name: string, text: string, at: number): Host | null {
  if (at === text.length) return { name, text };
  const port = text.slice(at + 1);
  if (text.charAt(at) !== ":" || !/^[0-9]{0,5}$/.test(port) || Number(port) > 65_535) return null;
  return { name, text: port === "" ? text.slice(0, at) : text };
}
