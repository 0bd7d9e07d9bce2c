import { parseAddress } from "../base/cidr.js";
import type { Address } from "../spec/types.js";
import type { Directive, NginxConfig } from "./nginx-parse.js";

/** Where a `*_pass` may lead to, each as `targetKey` writes it. */
export interface Targets {
  addresses: ReadonlySet<string>;
  /** false: there may be others, by the value of a variable that the config does not tell. */
  isKnown: boolean;
}

/** Variables that are followed one within the other, and values that are tried, of one pass. */
const DEPTH_MAX = 8;
const VALUES_MAX = 500;
/** Of nginx's own: a path begins with a slash, and so ends the address. */
const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  uri: ["/"],
  document_uri: ["/"],
  request_uri: ["/"],
  scheme: ["http", "https"],
};
/** The rows of these are values of the variable that the last word before the brace names. */
const TABLES = ["map", "geo", "split_clients"];
const OPTIONS = ["include", "hostnames", "volatile", "ranges", "proxy", "proxy_recursive", "delete"];
const DEFAULT_PORT: Readonly<Record<string, number>> = { "https:": 443, "grpcs:": 443 };

/** One form for all ways to write an address. `localhost` has two. */
export function targetKeys(address: Address): string[] {
  if (address.kind === "unix") return [`unix:${address.path}`];
  const { host, port } = address;
  const plain = host.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  if (plain.toLowerCase() === "localhost") return [keyOf("127.0.0.1", port), keyOf("::1", port)];
  return [keyOf(plain, port)];
}

/** To "any address" is to the machine itself. */
function keyOf(host: string, port: number): string {
  const address = parseAddress(host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host);
  return `${address === null ? host.toLowerCase() : address.value.toString(16)}:${port}`;
}

/** Follows passes through variables and upstream blocks. */
export class TargetReader {
  /** Of each variable what it may be; null: anything. */
  readonly #values = new Map<string, string[] | null>();
  readonly #upstreams = new Map<string, readonly Directive[]>();

  constructor({ directives }: NginxConfig) {
    this.#read(directives);
  }

  #read(directives: readonly Directive[]): void {
    for (const { words, block } of directives) {
      const [name = "", first = ""] = words;
      if (name === "set") this.#add(first, words[2] ?? "");
      if (block === null) continue;
      if (name === "upstream") this.#upstreams.set(first.toLowerCase(), block);
      if (!TABLES.includes(name)) this.#read(block);
      else
        for (const row of block)
          if (row.words.length === 2 && !OPTIONS.includes(row.words[0] ?? ""))
            this.#add(words.at(-1) ?? "", row.words[1] ?? "");
    }
  }

  #add(variable: string, value: string): void {
    const name = variable.slice(1).toLowerCase();
    const known = this.#values.get(name);
    // Whoever sets it to nothing has a program that sets it to something.
    if (value === "" || known === null) this.#values.set(name, null);
    else this.#values.set(name, [...(known ?? []), value]);
  }

  /** @param target what follows the name of the directive */
  targetsOf(target: string): Targets {
    const found: string[] = [];
    const isKnown = this.#expand(target, 0, found);
    return { addresses: new Set(found.flatMap((text) => this.#addressesOf(text))), isKnown };
  }

  /** Puts values in the place of variables until the address is whole. @returns whether these are all */
  #expand(text: string, depth: number, found: string[]): boolean {
    const variable = /\$(?:(\w+)|\{(\w+)\})/.exec(text);
    const before = variable === null ? text : text.slice(0, variable.index);
    if (variable === null || isWhole(before)) {
      found.push(before);
      return true;
    }
    if (depth > DEPTH_MAX || found.length > VALUES_MAX) return false;
    const name = (variable[1] ?? variable[2] ?? "").toLowerCase();
    const values = BUILT_IN[name] ?? this.#values.get(name);
    if (values === undefined || values === null) return false;
    const rest = text.slice(variable.index + variable[0].length);
    return values.map((value) => this.#expand(before + value + rest, depth + 1, found)).every(Boolean);
  }

  #addressesOf(text: string): string[] {
    const scheme = /^[a-z]+:(?=\/\/)/i.exec(text)?.[0] ?? "";
    const place = text.slice(scheme === "" ? 0 : scheme.length + 2);
    if (place.startsWith("unix:")) return [`unix:${place.slice(5).replace(/:.*$/s, "")}`];
    const authority = place.replace(/[/?].*$/s, "");
    const upstream = this.#upstreams.get(authority.toLowerCase());
    if (upstream !== undefined)
      return upstream.flatMap(({ words: [name, address = ""] }) =>
        name === "server" ? addressesIn(address, 80) : [],
      );
    return addressesIn(authority, DEFAULT_PORT[scheme.toLowerCase()] ?? 80);
  }
}

/** Whether nothing that follows belongs to the address. */
function isWhole(before: string): boolean {
  const place = before.replace(/^[a-z]+:\/\//i, "");
  return place.startsWith("unix:") ? place.indexOf(":", 5) > 0 : place.includes("/");
}

function addressesIn(text: string, defaultPort: number): string[] {
  if (text.startsWith("unix:")) return targetKeys({ kind: "unix", path: text.slice(5) });
  const [, host = "", port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(text) ?? [];
  return targetKeys({ kind: "tcp", host, port: port === undefined ? defaultPort : Number(port) });
}
