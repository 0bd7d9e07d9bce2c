import { dirname } from "node:path/posix";

/** A directive of nginx: its words without their quotes, what stands in its braces, and where it is written. */
export interface Directive {
  words: readonly string[];
  block: readonly Directive[] | null;
  file: string;
  /** From 1. */
  line: number;
}

/** A whole config of nginx, with each `include` replaced by what it includes. */
export interface NginxConfig {
  directives: readonly Directive[];
  /** Every file that it is made of, the main one first. */
  files: readonly string[];
  /** Why something of it may be missing here: a clause; null when it is whole. */
  problem: string | null;
}

interface Section {
  file: string;
  text: string;
  directives: readonly Directive[];
}

const HEADER = /^# configuration file (.+):$/gm;
/** More than anybody nests; one that includes itself does not end. */
const INCLUDE_DEPTH_MAX = 40;

/**
 * Reads what `nginx -T` prints: each file once and by itself, also those that others include. Text without its header
 * lines is one file without a name.
 * @returns null for what is no config of nginx
 */
export function parseNginxDump(text: string): NginxConfig | null {
  const sections: Section[] = [];
  for (const { file, text: content } of sectionsOf(text)) {
    const directives = parse(content, file);
    if (directives === null) return null;
    sections.push({ file, text: content, directives });
  }
  return new Including(sections).config();
}

function sectionsOf(text: string): { file: string; text: string }[] {
  const headers = [...text.matchAll(HEADER)];
  if (headers.length === 0) return [{ file: "", text }];
  return headers.map((header, index) => ({
    file: header[1] ?? "",
    text: text.slice(header.index + header[0].length + 1, headers[index + 1]?.index),
  }));
}

/** Puts the files of a dump together. */
class Including {
  readonly #byName = new Map<string, Section>();
  readonly #folder: string;
  readonly #used = new Set<string>();
  #problem: string | null = null;

  constructor(readonly sections: readonly Section[]) {
    this.#folder = dirname(sections[0]?.file ?? "");
    for (const section of sections) {
      const same = this.#byName.get(section.file);
      // A file may hold a line that looks like the head of another one.
      if (same !== undefined && same.text !== section.text) this.#problem ??= `${section.file} is told twice`;
      this.#byName.set(section.file, section);
    }
  }

  config(): NginxConfig {
    const [main] = this.sections;
    const directives = main === undefined ? [] : this.#expand(main.directives, 0);
    if (main !== undefined) this.#used.add(main.file);
    const files = [...this.#byName.keys()];
    const strange = files.find((file) => !this.#used.has(file));
    if (strange !== undefined) this.#problem ??= `nothing includes ${strange}`;
    return { directives, files, problem: this.#problem };
  }

  #expand(directives: readonly Directive[], depth: number): Directive[] {
    return directives.flatMap((directive): Directive[] => {
      const { words, block } = directive;
      if (block !== null) return [{ ...directive, block: this.#expand(block, depth) }];
      if (words[0] !== "include" || words.length !== 2) return [directive];
      return this.#included(directive, depth).flatMap((section) => {
        this.#used.add(section.file);
        return this.#expand(section.directives, depth + 1);
      });
    });
  }

  #included({ words: [, name = ""], file, line }: Directive, depth: number): Section[] {
    const path = name.startsWith("/") ? name : `${this.#folder}/${name}`;
    if (depth > INCLUDE_DEPTH_MAX) {
      this.#problem ??= `${file} is included by itself`;
      return [];
    }
    if (/[*?[]/.test(path)) {
      const pattern = globPattern(path);
      // nginx tells them in the order in which it has read them.
      return [...this.#byName.values()].filter((section) => pattern.test(section.file));
    }
    const section = this.#byName.get(path);
    if (section === undefined) this.#problem ??= `${path}, which ${file}:${line} includes, is not told`;
    return section === undefined ? [] : [section];
  }
}

/** As glob(7), which nginx asks: no part of it matches a slash, and a leading dot must be written. */
function globPattern(glob: string): RegExp {
  const source = glob.replace(
    /\\([^])|\[([!^]?)(\]?[^\]]*)\]|\*|\?|[\\^$.*+?()[\]{}|]/g,
    (all, escaped?: string, not?: string, set?: string) => {
      if (all === "*") return "[^/]*";
      if (all === "?") return "[^/]";
      if (set !== undefined) return `[${not === "" ? "" : "^/"}${set.replace(/[\\\]^]/g, "\\$&")}]`;
      return `\\${escaped ?? all}`;
    },
  );
  return new RegExp(`^${source.replace(/(^|\/)(?=\[)/g, "$1(?!\\.)")}$`);
}

const TOKEN =
  /#[^\n]*|"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'|[{};]|(?:\$\{\w+\}|\\[^]|[^\s{};])(?:\$\{\w+\}|\\[^]|[^\s{;])*/g;
/** What has no meaning to nginx, and may hold a brace: comments and strings of Lua. */
const LUA = /(?:--)?\[(=*)\[[^]*?\]\1\]|--[^\n]*|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|[{}]/g;

interface Token {
  text: string;
  line: number;
}

/** Words, with their quotes, and `{`, `}` and `;`. Lua in braces is left out. */
function* tokensOf(text: string): Generator<Token> {
  let isLua = false;
  let line = 1;
  let counted = 0;
  const token = new RegExp(TOKEN);
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [word] = match;
    if (word.startsWith("#")) continue;
    for (; counted < match.index; counted += 1) if (text.charCodeAt(counted) === 10) line += 1;
    yield { text: word, line };
    if (isLua && word === "{") {
      token.lastIndex = endOfLua(text, token.lastIndex);
      yield { text: "}", line };
    }
    isLua = word.endsWith("_by_lua_block") || (isLua && word !== "{" && word !== ";");
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

function parse(text: string, file: string): Directive[] | null {
  const outermost: Directive[] = [];
  const open: Directive[][] = [outermost];
  let words: string[] = [];
  let line = 1;
  for (const token of tokensOf(text)) {
    const inner = open.at(-1);
    if (inner === undefined) return null;
    if (words.length === 0) line = token.line;
    if (token.text === ";") {
      inner.push({ words, block: null, file, line });
      words = [];
    } else if (token.text === "{") {
      const block: Directive[] = [];
      inner.push({ words, block, file, line });
      open.push(block);
      words = [];
    } else if (token.text === "}") {
      open.pop();
      words = [];
    } else words.push(wordOf(token.text));
  }
  return open.length === 1 ? outermost : null;
}

const ESCAPED: Readonly<Record<string, string>> = { t: "\t", r: "\r", n: "\n" };

/** As nginx reads it: without its quotes, and without a backslash before a few characters. */
function wordOf(text: string): string {
  return text
    .replace(/^(["'])([^]*)\1$/, "$2")
    .replace(/\\(["'\\trn])/g, (_all, character: string) => ESCAPED[character] ?? character);
}
