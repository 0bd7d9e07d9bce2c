import { isToken } from "./bytes.js";

/** What the Connection lines of one head say. */
export interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  /** lower-case names of fields that are meant for this hop only; "" when there are none, else `,a,b,` */
  readonly nominated: string;
}

const NONE: ConnectionOptions = { close: false, keepAlive: false, upgrade: false, nominated: "" };
const KEEP_ALIVE: ConnectionOptions = { ...NONE, keepAlive: true };
const CLOSE: ConnectionOptions = { ...NONE, close: true };
const UPGRADE: ConnectionOptions = { ...NONE, upgrade: true };

export const NO_CONNECTION_OPTIONS = NONE;

/** Adds one Connection value to what the lines before it said; null when it is not a list of tokens. */
export function connectionOptions(before: ConnectionOptions, value: string): ConnectionOptions | null {
  if (before === NONE) {
    if (value === "keep-alive" || value === "Keep-Alive") return KEEP_ALIVE;
    if (value === "close" || value === "Close") return CLOSE;
    if (value === "Upgrade" || value === "upgrade") return UPGRADE;
  }
  let { close, keepAlive, upgrade, nominated } = before;
  for (const element of value.split(",")) {
    const option = element.replace(/^[ \t]+|[ \t]+$/g, "").toLowerCase();
    if (option === "") continue;
    if (!isToken(option)) return null;
    if (option === "close") close = true;
    else if (option === "keep-alive") keepAlive = true;
    else if (option === "upgrade") upgrade = true;
    else nominated += nominated === "" ? `,${option},` : `${option},`;
  }
  return { close, keepAlive, upgrade, nominated };
}

/**
 * Field lines without those that Connection nominated. Host, framing and X-Forwarded fields are never among the lines:
 * they are read and told anew, so that nobody can have them removed by naming them.
 */
export function withoutNominated(fields: string, nominated: string): string {
  return fields
    .split("\r\n")
    .filter(
      (line) => line === "" || !nominated.includes(`,${line.slice(0, line.indexOf(":")).toLowerCase()},`),
    )
    .join("\r\n");
}
