import { canonicalHost, host } from "../spec/address-checks.js";
import type { OwnConfig, ServedNames } from "../spec/starter.js";

/** A directive of nginx: its words, and what stands in its braces. */
interface Directive {
  words: readonly string[];
  block: readonly Directive[] | null;
}

const LISTEN = /^(?:(\d+)|(\d+\.\d+\.\d+\.\d+|\*|\[[0-9a-f:.]+\])(?::(\d+))?)$/i;

/**
 * Reads what `nginx -T` prints: all files, one after the other. Blocks that answer before any location, as a redirect to
 * https does, serve nothing that a switch could be proven by, and are left out.
 * @returns null for what is no config of nginx
 */
export function readNginxDump(text: string): OwnConfig | null {
  const directives = parse([...tokensOf(text)]);
  if (directives === null) return null;
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

const TOKEN = /#[^\n]*|"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'|[{};]|(?:\$\{\w+\}|\\[^]|[^\s{};])+/g;
/** What has no meaning to nginx, and may hold a brace: comments and strings of Lua. */
const LUA = /--[^\n]*|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|\[\[[^]*?\]\]|[{}]/g;

/** Words, with their quotes, and `{`, `}` and `;`. Lua in braces is left out. */
function* tokensOf(text: string): Generator<string> {
  let isLua = false;
  const token = new RegExp(TOKEN);
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [word] = match;
    if (word.startsWith("#")) continue;
    yield word;
    if (isLua && word === "{") {
      token.lastIndex = endOfLua(text, token.lastIndex);
      yield "}";
    }
    isLua = word.endsWith("_by_lua_block");
  }
}

/** @returns where it goes on behind the brace that ends the block; the end of the text, if there is none */
function endOfLua(text: string, from: number): number {
  const part = new RegExp(LUA);
  part.lastIndex = from;
  let depth = 1;
  for (let match = part.exec(text); match !== null; match = part.exec(text)) {
    if (match[0] === "{") depth += 1;
    if (match[0] === "}") depth -= 1;
    if (depth === 0) return part.lastIndex;
  }
  return text.length;
}

function parse(tokens: readonly string[]): Directive[] | null {
  const outermost: Directive[] = [];
  const open: Directive[][] = [outermost];
  let words: string[] = [];
  for (const token of tokens) {
    const inner = open.at(-1);
    if (inner === undefined) return null;
    if (token === ";") {
      inner.push({ words, block: null });
      words = [];
    } else if (token === "{") {
      const block: Directive[] = [];
      inner.push({ words, block });
      open.push(block);
      words = [];
    } else if (token === "}") {
      open.pop();
      words = [];
    } else words.push(token.replace(/^(["'])([^]*)\1$/, "$2"));
  }
  return open.length === 1 ? outermost : null;
}

/** Those of the http block, and of the files that it includes, which nginx prints by themselves. */
function serverBlocks(directives: readonly Directive[]): (readonly Directive[])[] {
  return directives.flatMap(({ words, block }) => {
    if (block === null) return [];
    if (words[0] === "http") return serverBlocks(block);
    return words[0] === "server" && words.length === 1 ? [block] : [];
  });
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
