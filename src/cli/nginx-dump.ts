import { parseNginxDump, type Directive } from "../servers/nginx-parse.js";
import { canonicalHost, host } from "../spec/address-checks.js";
import type { OwnConfig, ServedNames } from "../spec/starter.js";

const LISTEN = /^(?:(\d+)|(\d+\.\d+\.\d+\.\d+|\*|\[[0-9a-f:.]+\])(?::(\d+))?)$/i;

/**
 * Reads what `nginx -T` prints. Blocks that answer before any location, as a redirect to
 * https does, serve nothing that a switch could be proven by, and are left out.
 * @returns null for what is no config of nginx
 */
export function readNginxDump(text: string): OwnConfig | null {
  const config = parseNginxDump(text);
  if (config === null) return null;
  const { directives } = config;
  const pid = directives.find(({ words }) => words[0] === "pid")?.words[1] ?? null;
  const servers = serverBlocks(directives).map(namesOf);
  return {
    pidFile: pid?.startsWith("/") === true ? pid : null,
    sites: asSites(servers.filter(({ hosts, listens }) => hosts.length > 0 && listens.length > 0)),
  };
}

/** Server blocks that have a host in common, such as one for each port, are one site. */
function asSites(servers: readonly ServedNames[]): ServedNames[] {
  const sites: ServedNames[] = [];
  for (const server of servers) {
    const common = sites.filter(({ hosts }) => hosts.some((name) => server.hosts.includes(name)));
    const all = [...common, server];
    const site = {
      hosts: [...new Set(all.flatMap(({ hosts }) => hosts))],
      listens: all.flatMap(({ listens }) => listens),
    };
    const [first] = common;
    if (first === undefined) sites.push(site);
    else sites.splice(sites.indexOf(first), 1, site);
    for (const merged of common.slice(1)) sites.splice(sites.indexOf(merged), 1);
  }
  return sites;
}

/** Those of the http block. */
function serverBlocks(directives: readonly Directive[]): (readonly Directive[])[] {
  const blocks = (within: readonly Directive[], name: string): (readonly Directive[])[] =>
    within.flatMap(({ words, block }) =>
      block !== null && words[0] === name && words.length === 1 ? [block] : [],
    );
  return blocks(directives, "http").flatMap((http) => blocks(http, "server"));
}

function namesOf(block: readonly Directive[]): ServedNames {
  const all = (name: string): string[][] =>
    block.flatMap(({ words: [first, ...rest], block: inner }) =>
      first === name && inner === null ? [rest] : [],
    );
  const answersFirst = all("return").length > 0;
  const names = all("server_name").flat();
  const hosts = names.filter((name) => host(name) === null).map((name) => canonicalHost(name) ?? name);
  return {
    hosts: [...new Set(hosts)],
    listens: answersFirst ? [] : all("listen").flatMap(listenOf),
  };
}

function listenOf([address = "", ...options]: readonly string[]): ServedNames["listens"] {
  const [, alone, host, port = "80"] = LISTEN.exec(address) ?? [];
  if (alone === undefined && host === undefined) return [];
  const where = alone !== undefined ? `0.0.0.0:${alone}` : `${host === "*" ? "0.0.0.0" : host}:${port}`;
  return [{ address: where, tls: options.includes("ssl") }];
}
