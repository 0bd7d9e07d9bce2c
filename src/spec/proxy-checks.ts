import { parseAddress } from "../base/cidr.js";
import { canonicalHost, host, listenAddress, splitHostPort } from "./address-checks.js";
import type { Check, Problem } from "./value-checks.js";
import { headerName, urlPath } from "./value-checks.js";

/** Of one connection (RFC 9110, 7.6.1), or of a message's length: wrong in the hands of anyone but the one who sends. */
const FRAMING: readonly string[] = [
  "connection",
  "content-length",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
/** What fence tells a backend of the client. */
const FORWARDED =
  /^(?:forwarded|x-forwarded-.*|x-real-ip|sec-websocket-(?:key|version|extensions|protocol)|proxy)$/;
/** By which a backend hands a file over, and by which it accepts a WebSocket. */
const OF_ANSWERS: readonly string[] = [
  "sec-websocket-accept",
  "x-accel-redirect",
  "x-lighttpd-send-file",
  "x-sendfile",
];

/** Where scrapers come to: a port, for they know no other kind of address. */
export const metricsAddress: Check = (value) => {
  const fix = 'write "127.0.0.1:9180"';
  if (value.startsWith("unix:"))
    return { message: `"${value}" has no port`, why: "Prometheus asks over TCP", fix };
  const problem = listenAddress(value);
  return problem && { ...problem, fix };
};

export const fieldName: Check = headerName;

function rewritable(isOther: (lower: string) => boolean): Check {
  return (value) => {
    const wrong = headerName(value);
    if (wrong !== null) return wrong;
    const lower = value.toLowerCase();
    if (FRAMING.includes(lower)) {
      const why = "it belongs to one connection and says where a message ends, which is fence's to say";
      return { message: `header ${value} cannot be rewritten`, why, fix: "remove it" };
    }
    return isOther(lower)
      ? {
          message: `header ${value} is set by fence itself`,
          why: "others rely on what it says",
          fix: "remove it",
        }
      : null;
  };
}

export const requestField = rewritable((name) => name === "host" || FORWARDED.test(name));
export const responseField = rewritable((name) => OF_ANSWERS.includes(name));

/** Path and query of a request. */
export const requestTarget: Check = (value) => {
  if (!value.startsWith("/"))
    return { message: `path "${value}" does not begin with /`, fix: `write "/${value}"` };
  return /^[\x21\x22\x24-\x7e]*$/.test(value)
    ? null
    : { message: `path "${value}" holds "#", a space or a character that must be percent-encoded` };
};

/** A host name or address, perhaps with a port. */
export const hostField: Check = (value) => {
  const place = splitHostPort(value);
  const name = place?.host ?? value.replace(/^\[(.*)\]$/, "$1");
  if (parseAddress(name) !== null || (!name.includes("*") && host(name) === null)) return null;
  return { message: `"${value}" is not a host`, fix: 'write a name such as "www.example.com"' };
};

export const statusRange: Check = (value) => {
  const match = /^([2-5]\d\d)-([2-5]\d\d)$/.exec(value);
  if (match === null || Number(match[1]) > Number(match[2]))
    return {
      message: `"${value}" is not a range of statuses`,
      fix: 'write "200-399", or a number such as 204',
    };
  return null;
};

export const absolutePath: Check = (value) => {
  if (!value.startsWith("/"))
    return {
      message: `"${value}" is not an absolute path`,
      why: "it is a path where the answer is made, not where fence.toml is",
      fix: `write "/${value.replace(/^\.?\/*/, "")}", from the root on`,
    };
  return /\/\.\.?(?:\/|$)/.test(value) ? { message: `path "${value}" holds a dot segment` } : null;
};

/** As an absolute path, and not the whole machine. */
export const folderInside: Check = (value) =>
  absolutePath(value) ??
  (/^\/+$/.test(value)
    ? {
        message: "every file of the machine could be sent",
        why: "a backend that is taken over could read them all",
        fix: "name the folders that it needs",
      }
    : null);

export const accelPrefix: Check = (value) =>
  urlPath(value) ??
  (value.endsWith("/")
    ? null
    : {
        message: `prefix "${value}" does not end with /`,
        why: "it stands for a folder",
        fix: `write "${value}/"`,
      });

export const fileName: Check = (value) =>
  value.includes("/") ? { message: `"${value}" is not the name of a file`, fix: "take the / out" } : null;

export const scriptEnd: Check = (value) =>
  /^\.[A-Za-z0-9_-]+$/.test(value)
    ? null
    : { message: `"${value}" is not the end of a script's name`, fix: 'write ".php"' };

/** The name of a CGI variable. */
export const variableName: Check = (value) => {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(value))
    return { message: `"${value}" is not the name of a variable`, fix: "use letters, digits and _" };
  return value === "CONTENT_LENGTH"
    ? {
        message: "CONTENT_LENGTH is set by fence itself",
        why: "it says where the request ends",
        fix: "remove it",
      }
    : null;
};

/** What a Location may begin with: an http(s) URL up to anywhere in its path, or a path. */
export const location: Check = (value) => {
  const refuse = (message: string): Problem => ({
    message,
    why: "it is compared with what Location begins with",
    fix: 'write "http://127.0.0.1:8080/app/" or "/app/"',
  });
  if (!/^[\x21-\x7e]+$/.test(value) || /["<>\\^`{|}]/.test(value))
    return refuse(`"${value}" is neither a URL nor a path`);
  if (value.startsWith("//")) return refuse(`"${value}" begins with //`);
  if (value.startsWith("/")) return null;
  if (!/^https?:\/\/[^/]/.test(value) || !URL.canParse(value))
    return refuse(`"${value}" is neither an http or https URL nor a path`);
  const url = new URL(value);
  return url.username !== "" || url.password !== "" ? refuse("the URL holds a user name") : null;
};

export const cookieDomain: Check = (value) => {
  const name = canonicalHost(value.replace(/^\./, ""));
  return name === null || name.includes("*") || host(name) !== null
    ? { message: `"${value}" is not a domain`, fix: 'write a name such as "example.com"' }
    : null;
};

export const cookieDomainOrNone: Check = (value) => (value === "" ? null : cookieDomain(value));

export const cookiePath: Check = (value) => {
  if (!value.startsWith("/"))
    return { message: `path "${value}" does not begin with /`, fix: `write "/${value}"` };
  return /^[\x21-\x3a\x3c-\x7e]+$/.test(value)
    ? null
    : {
        message: `path "${value}" holds a character that cannot be in the path of a cookie`,
        why: "a semicolon ends it (RFC 6265, 4.1.1)",
      };
};

const TOKEN = "[A-Za-z0-9!#$&^_.+-]+";
const MEDIA_TYPE = new RegExp(`^${TOKEN}/(?:\\*|${TOKEN})$`);

export const mediaType: Check = (value) =>
  MEDIA_TYPE.test(value)
    ? null
    : {
        message: `"${value}" is not a media type`,
        why: "parameters are not looked at, and */* would compress pictures again",
        fix: 'write "text/html" or "text/*"',
      };
