import { parseAddress, parseCidr } from "../base/cidr.js";
import { LIMITS } from "./limits.js";
import type { Check } from "./value-checks.js";

export const cidr: Check = (value) => {
  const block = parseCidr(value);
  if (block === null)
    return {
      message: `"${value}" is not an IP address or block`,
      fix: 'write "192.0.2.7", "192.0.2.0/24" or "2001:db8::/32"',
    };
  if (block === "host-bits")
    return {
      message: `"${value}" has address bits below its prefix length`,
      why: "it is not clear whether the host or the block is meant",
      fix: "set those bits to 0, or drop the prefix length",
    };
  return null;
};

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
/** A last label of digits alone is that of an IPv4 address. */
const HOST = new RegExp(`^(?:\\*\\.)?(?:${LABEL}\\.)*(?![0-9]+$)${LABEL}$`);

/** A host name in lower-case ASCII, or an IPv4 address. */
function isHost(name: string): boolean {
  return name.length <= 253 && (HOST.test(name) || (!name.includes(":") && parseAddress(name) !== null));
}

/** As written in the spec: upper case and international names are fine, they are canonicalised. */
export const host: Check = (value) => {
  if (/:\d+$/.test(value))
    return {
      message: `host "${value}" has a port`,
      why: "a site answers under its names on every port it listens on",
      fix: `write "${value.replace(/:\d+$/, "")}" and put the port into listen`,
    };
  if (value.includes("/"))
    return {
      message: `host "${value}" is a URL`,
      fix: `write "${value.replace(/^[a-z]+:\/\//i, "").replace(/\/.*$/, "")}"`,
    };
  const name = canonicalHost(value);
  if (name === null || !isHost(name)) {
    return {
      message: `"${value}" is not a host name`,
      fix: 'write a name such as "www.example.com", or "*.example.com" for every name under it',
    };
  }
  return null;
};

/** Lower case, international names in their ASCII form; null when there is none. */
export function canonicalHost(value: string): string | null {
  const wild = value.startsWith("*.");
  const rest = wild ? value.slice(2) : value;

  if (/^[\x00-\x7f]*$/.test(rest)) return `${wild ? "*." : ""}${rest.toLowerCase()}`;
  // Anything else would let the URL parser read a user name, a port or a path, and take the rest for the host.
  if (!/^[\p{L}\p{M}\p{N}.-]+$/u.test(rest)) return null;
  try {
    const { hostname } = new URL(`http://${rest}/`);
    return `${wild ? "*." : ""}${hostname}`;
  } catch {
    return null;
  }
}

/** `host:port`, `[v6]:port` or `unix:/path`. */
export const backend: Check = (value) => {
  if (value.startsWith("unix:")) return socketPath(value);
  const place = splitHostPort(value);
  if (place === null)
    return {
      message: `"${value}" is not a backend`,
      fix: 'write "127.0.0.1:8080", "[::1]:8080", "app.internal:8080" or "unix:/run/app.sock"',
    };
  const isAddress = parseAddress(place.host) !== null;
  return isAddress || (!place.host.includes("*") && isHost(place.host.toLowerCase()))
    ? null
    : { message: `"${place.host}" is not a host name or address` };
};

/** `unix:/path`. */
const socketPath: Check = (value) => {
  const path = value.slice("unix:".length);
  if (!path.startsWith("/"))
    return { message: `"${value}" does not name an absolute path`, fix: 'write "unix:/run/app.sock"' };
  const max = LIMITS.socketPathBytesMax;
  return Buffer.byteLength(path) > max ? { message: `the socket path is longer than ${max} bytes` } : null;
};

/** `address:port`, an address of this machine, or `unix:/path`. */
export const listenAddress: Check = (value) => {
  if (value.startsWith("unix:")) return socketPath(value);
  const place = splitHostPort(value);
  if (place === null || parseAddress(place.host) === null) {
    return {
      message: `"${value}" is not an address to listen on`,
      fix: /^\d+$/.test(value)
        ? `write "0.0.0.0:${value}"`
        : 'write "0.0.0.0:80", "127.0.0.1:8080" or "[::]:80"',
    };
  }
  return null;
};

/** Splits at the port, which is 1 to 65535; null when there is none. Brackets of IPv6 are taken off. */
export function splitHostPort(value: string): { host: string; port: number } | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/]+)):(\d{1,5})$/.exec(value);
  const port = Number(match?.[3]);
  const name = match?.[1] ?? match?.[2];
  return name === undefined || port < 1 || port > 65535 ? null : { host: name, port };
}
