import { z } from "zod";
import { DEFAULTS } from "./defaults.js";
import { specSchema } from "./schema.js";

/** The part of JSON Schema that describes fence.toml. */
export interface SchemaNode {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly SchemaNode[];
  items?: SchemaNode;
  properties?: Readonly<Record<string, SchemaNode>>;
  required?: readonly string[];
  /** Of a table whose keys are names: what each of them holds. */
  additionalProperties?: SchemaNode | false;
}

/**
 * The JSON Schema of fence.toml for editors, from the same schema that checks it, with descriptions and defaults.
 * Draft 4: the newest that the common TOML editor support understands. It says less than fence check does: what a
 * string must look like and what must fit together is not in it.
 */
export function jsonSchema(): SchemaNode {
  const schema: SchemaNode = z.toJSONSchema(specSchema, { target: "draft-4", io: "input" }) as SchemaNode;
  for (const [key, { value }] of Object.entries(DEFAULTS)) {
    const node = nodeAt(schema, key.split("."));
    if (node && value !== null) node.default = value;
  }
  return schema;
}

/** The node of a dotted key, with names of servers and sites and indexes of lists left out. */
function nodeAt(root: SchemaNode, path: readonly string[]): SchemaNode | null {
  let node: SchemaNode = root;
  for (const part of path) {
    const table = tableOf(node);
    const next = [table, ...(table.anyOf ?? [])].find(({ properties }) => properties?.[part])?.properties?.[
      part
    ];
    if (next === undefined) return null;
    node = next;
  }
  return node;
}

/** The table that a node holds, be it a list of tables or a table of named tables. */
export function tableOf(node: SchemaNode): SchemaNode {
  if (node.items) return tableOf(node.items);
  return node.additionalProperties ? tableOf(node.additionalProperties) : node;
}
