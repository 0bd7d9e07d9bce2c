/**
 * The head parsers of the built-in proxy against node's own HTTPParser, on one browser request head of 500 bytes and
 * one response head: `node build/bench/proxy-head.js`. Both do in turns what they do in a server: theirs gives raw field
 * names and values, ours the text to forward with every check made.
 */
import { createRequire } from "node:module";
import process from "node:process";
import { parseRequestHead } from "../src/proxy/wire/request-head.js";
import { parseResponseHead } from "../src/proxy/wire/response-head.js";

const REQUEST = head(
  [
    "GET /articles/2024/07/how-a-reverse-proxy-works.html?ref=front&page=2 HTTP/1.1",
    "Host: www.example.com",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: en-US,en;q=0.5",
    "Accept-Encoding: gzip, deflate, br",
    "Connection: keep-alive",
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark",
    "Upgrade-Insecure-Requests: 1",
  ],
  500,
);

const RESPONSE = head(
  [
    "HTTP/1.1 200 OK",
    "Server: nginx",
    "Date: Mon, 01 Jul 2024 12:00:00 GMT",
    "Content-Type: text/html; charset=utf-8",
    "Content-Length: 1024",
    "Connection: keep-alive",
    "Cache-Control: max-age=60",
  ],
  0,
);

/** Filled with one more field up to the size. */
function head(lines: readonly string[], size: number): Buffer {
  const bare = `${lines.join("\r\n")}\r\n\r\n`;
  const missing = size - bare.length - "DNT: \r\n".length;
  return Buffer.from(
    missing > 0 ? `${bare.slice(0, -2)}DNT: ${"1".repeat(missing)}\r\n\r\n` : bare,
    "latin1",
  );
}

interface HttpParser {
  initialize(type: number, resource: object): void;
  execute(bytes: Uint8Array): number | Error;
  [index: number]: unknown;
}

interface HttpParserModule {
  HTTPParser: (new () => HttpParser) & { REQUEST: number; RESPONSE: number; kOnHeadersComplete: number };
}

function nodeParser(kind: "REQUEST" | "RESPONSE"): () => void {
  const { HTTPParser } = createRequire(import.meta.url)("node:_http_common") as HttpParserModule;
  const parser = new HTTPParser();
  const bytes = kind === "REQUEST" ? REQUEST : RESPONSE;
  let seen = 0;
  const resource = {};
  // 1 = there is no body to read
  parser[HTTPParser.kOnHeadersComplete] = (): number => {
    seen += 1;
    return 1;
  };
  parser.initialize(HTTPParser[kind], resource);
  return () => {
    const before = seen;
    if (parser.execute(bytes) !== bytes.length || seen === before)
      throw new Error("node's parser did not take the head");
    if (kind === "RESPONSE") parser.initialize(HTTPParser[kind], resource);
  };
}

function ours(kind: "REQUEST" | "RESPONSE"): () => void {
  const asked = { method: "GET", upgrade: null };
  return () => {
    const parsed =
      kind === "REQUEST"
        ? parseRequestHead(REQUEST, 0, REQUEST.length)
        : parseResponseHead(RESPONSE, 0, RESPONSE.length, asked);
    if (parsed === "incomplete" || parsed.kind === "refusal") throw new Error("the head was not taken");
  };
}

/** CPU nanoseconds of one call, over a round of calls. */
function measure(parse: () => void, calls: number): number {
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call += 1) parse();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / calls;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const ROUNDS = 15;
const CALLS = 100_000;

for (const kind of ["REQUEST", "RESPONSE"] as const) {
  const parsers = [ours(kind), nodeParser(kind)] as const;
  const figures: [number[], number[]] = [[], []];
  for (const parse of parsers) measure(parse, CALLS);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const index of [0, 1] as const) figures[index].push(measure(parsers[index], CALLS));
  const [own, node] = figures.map(median) as [number, number];
  const ratio = median(figures[0].map((figure, round) => (figures[1][round] ?? Number.NaN) / figure));
  const bytes = kind === "REQUEST" ? REQUEST.length : RESPONSE.length;
  console.log(
    `${kind.toLowerCase()} head, ${bytes} bytes: fence ${own.toFixed(0)} ns, HTTPParser ${node.toFixed(0)} ns, ` +
      `fence is ${ratio.toFixed(2)} times as fast (median of ${ROUNDS} paired rounds)`,
  );
}
