import type { AST } from "toml-eslint-parser";

export interface Place {
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
  endColumn: number;
}

type Path = readonly PropertyKey[];

/** Where every key and value of a TOML text stands; paths are those of the parsed value. */
export class Positions {
  readonly #keys = new Map<string, Place>();
  readonly #values = new Map<string, Place>();

  constructor(tree: AST.TOMLProgram) {
    for (const node of tree.body[0].body) this.#add(node, []);
  }

  /** Of the value at a path, else of the nearest table around it. */
  value(path: Path): Place {
    return this.#nearest(this.#values, path);
  }

  /** Of the key at a path, else of the nearest table around it. */
  key(path: Path): Place {
    return this.#keys.get(idOf(path)) ?? this.#nearest(this.#keys, path.slice(0, -1));
  }

  #nearest(places: ReadonlyMap<string, Place>, path: Path): Place {
    for (let length = path.length; length > 0; length -= 1) {
      const id = idOf(path.slice(0, length));
      const place = places.get(id) ?? this.#keys.get(id) ?? this.#values.get(id);
      if (place) return place;
    }
    return { line: 1, column: 1, endColumn: 2 };
  }

  #add(node: AST.TOMLTable | AST.TOMLKeyValue, prefix: Path): void {
    if (node.type === "TOMLTable") {
      const path = node.resolvedKey;
      this.#addKeys(
        path.filter((part) => typeof part === "string"),
        node.key,
        path,
      );
      for (const inner of node.body) this.#add(inner, path);
      return;
    }
    const names = node.key.keys.map((key) => (key.type === "TOMLBare" ? key.name : key.value));
    const path = [...prefix, ...names];
    names.forEach((_, index) => {
      const part = node.key.keys[index];
      if (part) this.#set(this.#keys, [...prefix, ...names.slice(0, index + 1)], placeOf(part));
    });
    this.#addValue(node.value, path);
  }

  /** `[site.main]` is the place of `site` and of `site.main`, whichever stands first. */
  #addKeys(names: readonly string[], key: AST.TOMLKey, path: Path): void {
    this.#set(this.#keys, path, placeOf(key));
    names.forEach((_, index) => {
      const part = key.keys[index];
      if (part) this.#set(this.#keys, names.slice(0, index + 1), placeOf(part));
    });
  }

  #addValue(node: AST.TOMLContentNode, path: Path): void {
    this.#set(this.#values, path, placeOf(node));
    if (node.type === "TOMLArray")
      node.elements.forEach((element, index) => this.#addValue(element, [...path, index]));
    if (node.type === "TOMLInlineTable") for (const inner of node.body) this.#add(inner, path);
  }

  #set(places: Map<string, Place>, path: Path, place: Place): void {
    const id = idOf(path);
    if (!places.has(id)) places.set(id, place);
  }
}

function idOf(path: Path): string {
  return JSON.stringify(path.map(String));
}

/** The parser counts columns from 0. A value over several lines is marked to the end of its first. */
function placeOf(node: { loc: AST.SourceLocation }): Place {
  const { start, end } = node.loc;
  const endColumn = end.line === start.line ? end.column + 1 : Number.MAX_SAFE_INTEGER;
  return { line: start.line, column: start.column + 1, endColumn };
}
