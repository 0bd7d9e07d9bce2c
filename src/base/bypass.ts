import { createHash } from "node:crypto";

/** The cookie by which staff pass while a site is not up. */
export const BYPASS_COOKIE = "fence_bypass";
/** A request for this and a token behind it sets the cookie, in every mode. */
export const BYPASS_PATH = "/.well-known/fence/bypass/";
/** On what staff get who pass: that others do not. */
export const BYPASS_HEADER = "X-Fence-Mode";

/** When it ends, in Unix seconds, and 256 bits of chance. */
const TOKEN = /^(\d{10})-[A-Za-z0-9_-]{43}$/;

/**
 * The name under which a token is known: its SHA-256. Whoever reads the disk learns no token, and a token with another
 * end has another name. Looking for a file takes as long whatever the name is.
 */
export function nameOfToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** @returns Unix seconds; null: it has not the form of a token */
export function endOfToken(token: string): number | null {
  const end = TOKEN.exec(token)?.[1];
  return end === undefined ? null : Number(end);
}

/** The value of the cookie in a Cookie field; null when there is none. The first counts. */
export function tokenOfCookies(field: string): string | null {
  for (const pair of field.split(";")) {
    const [name, value] = pair.trim().split("=", 2);
    if (name === BYPASS_COOKIE) return value ?? "";
  }
  return null;
}

/** A Cookie field without fence's own; "": nothing is left. */
export function withoutBypass(field: string): string {
  const others = field.split(";").map((pair) => pair.trim());
  return others.filter((pair) => pair !== "" && pair.split("=", 1)[0] !== BYPASS_COOKIE).join("; ");
}

/** Until the browser ends; the end of a bypass is the server's to see. */
export function bypassCookie(token: string, isSecure: boolean): string {
  return `${BYPASS_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
}
