import { canonicalHost, host } from "../spec/address-checks.js";
import type { OwnConfig, ServedNames } from "../spec/starter.js";

const DEFAULT_PORT = "80";
/** Blocks that stand in no other are indented so far. */
const GLOBAL = "^ {4}";
const SOCKET = new RegExp(
  `${GLOBAL}(?:else )?\\$SERVER\\["socket"\\] == "([^"]+)" \\{\\n([^]*?)${GLOBAL}\\} # end`,
  "gm",
);
const NAMED = /^ +(?:else )?\$HTTP\["host"\] == "([^"]+)" \{/gm;
const IS_TLS = /^ +ssl\.engine += "enable"/m;

/**
 * Reads what `lighttpd -p` prints: the config as lighttpd has understood it, a line for each key. Each name that a block
 * is for is a site, on all addresses; a block by a regular expression names none.
 */
export function readLighttpdDump(text: string): OwnConfig {
  const own = (key: string): string | null =>
    new RegExp(`${GLOBAL}${key.replace(".", "\\.")} += "?([^"\n]*)"?$`, "m").exec(text)?.[1] ?? null;
  const listens = [
    ...listenOf(
      `${own("server.bind") || "0.0.0.0"}:${own("server.port") ?? DEFAULT_PORT}`,
      own("ssl.engine") === "enable",
    ),
    ...[...text.matchAll(SOCKET)].flatMap(([, address = "", block = ""]) =>
      listenOf(address, IS_TLS.test(block)),
    ),
  ];
  const names = [...text.matchAll(NAMED)].map(([, name = ""]) => name).filter((name) => host(name) === null);
  const hosts = new Set(names.map((name) => canonicalHost(name) ?? name));
  return {
    pidFile: own("server.pid-file"),
    sites: [...hosts].map((name) => ({ hosts: [name], listens })),
  };
}

/** Of an address of TCP alone. */
function listenOf(text: string, tls: boolean): ServedNames["listens"] {
  const [, address = "", port] = /^(.*):(\d+)$/.exec(text) ?? [];
  if (port === undefined) return [];
  const bare = address.replace(/^\[(.*)\]$/, "$1");
  if (bare === "" || bare === "*") return [{ address: `0.0.0.0:${port}`, tls }];
  if (bare.includes(":")) return [{ address: `[${bare}]:${port}`, tls }];
  return /^\d+\.\d+\.\d+\.\d+$/.test(bare) ? [{ address: `${bare}:${port}`, tls }] : [];
}
