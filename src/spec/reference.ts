import { DEFAULT_PROGRAM, DEFAULT_WORKERS, DEFAULTS } from "./defaults.js";
import { jsonSchema, tableOf, type SchemaNode } from "./json-schema.js";
import { LIMITS } from "./limits.js";

const HEAD = `# The spec: fence.toml

Every key, generated from the schema that checks it (a test compares). \`fence check\` finds every problem of a spec at
once, each at its line with the fix. A key that is not listed here is an error. Relative paths start from the folder
of fence.toml. \`fence init\` writes a commented spec to begin with.`;

const FORMS = `## Forms

- **A name** (of a server, an upstream, a site): \`a\` to \`z\`, digits and \`-\`, a letter first, 32 characters at most.
- **Where to listen**: \`"0.0.0.0:80"\`, \`"[::]:80"\`, \`"unix:/run/web.sock"\`, or a table of \`address\` and, each \`false\` when it
  is left out, \`tls\` (with the certificate of each site), \`http2\` (offered beside HTTP/1.1; needs \`tls\`, and is then the
  default for every kind but proxy) and \`proxy_protocol\` (every connection begins with a PROXY header of version 1 or 2).
- **A duration**: numbers with units, the largest first: \`"500ms"\`, \`"2s"\`, \`"10m"\`, \`"1h30m"\`, \`"1d"\`; 30 days at most.
- **A block of addresses**: \`"192.0.2.7"\`, \`"192.0.2.0/24"\`, \`"2001:db8::/32"\`. Bits below the prefix length are 0.
- **A URL path**: as it is after decoding; begins with \`/\`; no \`?\`, \`#\`, \`//\`, no \`.\` or \`..\` segment. A prefix ends on a
  segment border: \`/a\` covers \`/a\` and \`/a/b\`, not \`/ab\`.
- **Which route takes a request**: an exact path, then the longest prefix, to files or to an upstream, then the first regular
  expression of the file, else the site's own \`upstream\`; of two with one path the first whose \`hosts\` fit. Servers of
  other makes look up their own locations like this, so that it can be the same on each. A prefix of files
  ends with \`/\` and does not take itself; one of an upstream does.
- **What an upstream is asked for**: the path as the client has sent it. With \`strip_prefix\` or \`add_prefix\` it begins with one
  slash, what follows the prefix stays as it was written (an encoded slash, too), and so does the query; where dot segments
  are in it, or the prefix is written otherwise, the decoded path is encoded anew. Nothing left is \`/\`.
- **A regular expression** (in \`pass\` and \`route\`) is matched against the decoded path and has what every server reads alike:
  literals, \`.\`, classes, \`(?:groups)\`, \`|\`, \`* + ? {m,n}\`, \`^ $\`, \`\\d \\w \\s\` and escaped punctuation.
- **A string** has no control characters, so no line ends either, and ${LIMITS.textBytesMax} bytes at most.`;

/** docs/spec.md: every key of fence.toml, from the schema, the defaults and the limits. */
export function specReference(): string {
  return `${[HEAD, ...sectionsOf(jsonSchema(), ""), FORMS, limitsSection()].join("\n\n")}\n`;
}

/** A section for the table at a path, then one for each of the tables in it. */
function sectionsOf(node: SchemaNode, path: string): string[] {
  const { properties = {}, required = [] } = tableOf(node);
  const rows = Object.entries(properties).filter(([, property]) => !isSection(property));
  const inner = Object.entries(properties).filter(([, property]) => isSection(property));
  const title = path === "" ? "At the top" : `\`${node.items ? `[[${path}]]` : `[${path}]`}\``;
  const about = path === "" ? [] : [`${capital(node.description ?? "")}.`];
  const section = [`## ${title}`, ...about, tableText(rows, path, required)];
  return [
    // A table of named tables has no keys of its own.
    ...(rows.length === 0 ? [] : [section.join("\n\n")]),
    ...inner.flatMap(([key, property]) => {
      const name = property.additionalProperties ? ".NAME" : "";
      return sectionsOf(property, `${path === "" ? "" : `${path}.`}${key}${name}`);
    }),
  ];
}

/** Tables that people write under a header of their own. */
function isSection(node: SchemaNode): boolean {
  const { properties, additionalProperties } = node;
  if (node.items) return node.items.properties !== undefined;
  if (additionalProperties) return additionalProperties.properties !== undefined;
  const inner = Object.values(properties ?? {});
  return inner.length > 2 || inner.some(isSection);
}

function tableText(rows: readonly [string, SchemaNode][], path: string, required: readonly string[]): string {
  const prefix = path.split(".").filter((part) => part !== "" && part !== "NAME");
  const cells = rows.flatMap(([key, node]) =>
    rowsOf(prefix, [key], node, required.includes(key) ? "required" : null),
  );
  return markdownTable([["key", "value", "default", "meaning, and why that default"], ...cells]);
}

/** The row of a key, then one for each key of the small table that it may hold. */
function rowsOf(
  prefix: readonly string[],
  key: readonly string[],
  node: SchemaNode,
  required: string | null,
): string[][] {
  const { shown, why } =
    required === null ? defaultOf([...prefix, ...key].join(".")) : { shown: required, why: "" };
  const meaning = [capital(node.description ?? ""), why].filter((text) => text !== "").join(". ");
  const inner = Object.entries(node.properties ?? {}).flatMap(([name, property]) =>
    rowsOf(
      prefix,
      [...key, name],
      property,
      node.required?.includes(name) ? `required in \`${key.join(".")}\`` : null,
    ),
  );
  return [[`\`${key.join(".")}\``, typeText(node), shown, meaning], ...inner];
}

function defaultOf(key: string): { shown: string; why: string } {
  const special = SPECIAL[key];
  if (special !== undefined) return special;
  if (!isKnown(key)) return { shown: "—", why: "" };
  const { value, why } = DEFAULTS[key];
  return { shown: value === null ? "—" : `\`${tomlText(value)}\``, why: `Default: ${why}` };
}

function isKnown(key: string): key is keyof typeof DEFAULTS {
  return Object.hasOwn(DEFAULTS, key);
}

/** Defaults that depend on something else in the spec. */
const SPECIAL: Readonly<Record<string, { shown: string; why: string }>> = {
  "server.workers": { shown: kinds(DEFAULT_WORKERS), why: "" },
  "server.program": {
    shown: kinds(DEFAULT_PROGRAM),
    why: "A bare name is looked for in the system's program folders",
  },
  "server.pid_file": { shown: "`<run_dir>/<server>/server.pid`", why: "" },
  "upstream.cgi.root": { shown: "—", why: "" },
  "upstream.cgi.split": { shown: 'fastcgi: `[".php"]`, scgi, uwsgi: `[]`', why: "" },
  "worker.log": { shown: "`<state_dir>/workers/<worker>.log`", why: "" },
  "worker.cgi.root": { shown: "`cwd`", why: "" },
  "worker.cgi.split": { shown: 'fastcgi: `[".php"]`, scgi: `[]`', why: "" },
  "site.servers": { shown: "all", why: "" },
  "site.listen": { shown: "the server's", why: "Only for a site that one server serves" },
};

function kinds(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([kind, value]) => `${kind}: \`${String(value)}\``)
    .join(", ");
}

function typeText(node: SchemaNode): string {
  if (node.enum) return node.enum.map((value) => `\`${tomlText(value)}\``).join(", ");
  if (node.anyOf && node.type === undefined) return [...new Set(node.anyOf.map(typeText))].join(", or ");
  if (node.items) return `list: ${node.items.description ?? typeText(node.items)}`;
  if (node.properties) return "table";
  if (node.additionalProperties) return "table of strings";
  return TYPE_TEXT[node.type ?? ""] ?? node.type ?? "";
}

const TYPE_TEXT: Readonly<Record<string, string>> = {
  string: "string",
  integer: "whole number",
  boolean: "true or false",
};

function tomlText(value: unknown): string {
  return JSON.stringify(value);
}

function capital(text: string): string {
  return text.replace(/^[a-z](?=[a-z]*(?: |,|$))/, (letter) => letter.toUpperCase());
}

/** Aligned as the formatter would, so that a written file needs no second pass. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = (escaped[0] ?? []).map((_, column) =>
    Math.max(3, ...escaped.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = escaped;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

function limitsSection(): string {
  const rows = [
    ["bytes of fence.toml", LIMITS.specBytesMax],
    ["bytes of a page", LIMITS.pageBytesMax],
    ["bytes of a logo", LIMITS.logoBytesMax],
    ["`languages` of a page, `text` tables", LIMITS.languagesMax],
    ["servers", LIMITS.serversMax],
    ["upstreams", LIMITS.upstreamsMax],
    ["backends of an upstream", LIMITS.backendsMax],
    ["`weight` of a backend", LIMITS.weightMax],
    ["sites", LIMITS.sitesMax],
    ["hosts of a site", LIMITS.hostsMax],
    ["listens of a server or a site", LIMITS.listensMax],
    ["routes of a site", LIMITS.routesMax],
    ["`pass` rules, `paths`", LIMITS.pathRulesMax],
    ["`allow` blocks, `trusted_proxies` blocks", LIMITS.cidrsMax],
    ["headers of a maintenance answer", LIMITS.headersMax],
    ["`cors_origins`", LIMITS.originsMax],
    ["characters of a regular expression", LIMITS.regexCharsMax],
    ["worker processes of a server or a worker", LIMITS.workersMax],
    ["workers", LIMITS.workerSetsMax],
    ["`notify` tables", LIMITS.notifyMax],
    ["arguments of a `command`", LIMITS.workerArgumentsMax],
    ["a timeout or an interval, in hours", LIMITS.timeoutMsMax / 3_600_000],
    ["`max_connections`", LIMITS.connectionsMax],
    ["`queue.max`", LIMITS.queueMax],
    ["headers in a `set` or `remove`", LIMITS.headersMax],
    ["entries of `location`, `cookie_domain`, `cookie_path`", LIMITS.mappingsMax],
    ["`roots`, `accel`", LIMITS.sendfileMax],
    ["`types` of `compress`", LIMITS.mediaTypesMax],
    ["`params` of `cgi`, `split`", `${LIMITS.cgiParamsMax}, ${LIMITS.cgiSplitsMax}`],
  ] as const;
  return `## Limits\n\n${markdownTable([["of", "at most"], ...rows.map(([what, max]) => [what, String(max)])])}`;
}
