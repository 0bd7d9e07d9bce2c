import { createRequire } from "node:module";

interface RawParser {
  initialize(type: number, resource: object): void;
  execute(bytes: Uint8Array): number | Error;
  finish(): Error | undefined;
  [callback: number]: (...values: never[]) => unknown;
}

interface ParserModule {
  readonly HTTPParser: (new () => RawParser) & {
    readonly REQUEST: number;
    readonly RESPONSE: number;
    readonly kOnHeaders: number;
    readonly kOnHeadersComplete: number;
    readonly kOnBody: number;
    readonly kOnMessageComplete: number;
  };
}

/** One message as node's own parser understands it. */
export interface NodeMessage {
  readonly url: string;
  readonly status: number;
  body: string;
  complete: boolean;
}

/**
 * Runs node's HTTPParser over the bytes.
 * @param bodiless the responses have no body whatever their fields say (HEAD)
 */
export function nodeParse(
  kind: "REQUEST" | "RESPONSE",
  text: string,
  bodiless = false,
): { messages: NodeMessage[]; error: string | null } {
  const { HTTPParser } = createRequire(import.meta.url)("node:_http_common") as ParserModule;
  const parser = new HTTPParser();
  const messages: NodeMessage[] = [];
  let url = "";
  parser[HTTPParser.kOnHeaders] = (_fields: string[], rest: string): void => {
    url += rest;
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    ...[, , , , path, status]: [number, number, unknown, unknown, string | undefined, number]
  ): number => {
    messages.push({ url: url + (path ?? ""), status, body: "", complete: false });
    url = "";
    return bodiless ? 1 : 0;
  };
  parser[HTTPParser.kOnBody] = (body: Uint8Array): void => {
    const open = messages.at(-1);
    if (open !== undefined) open.body += Buffer.from(body).toString("latin1");
  };
  parser[HTTPParser.kOnMessageComplete] = (): void => {
    const open = messages.at(-1);
    if (open !== undefined) open.complete = true;
  };
  parser.initialize(HTTPParser[kind], {});
  const result = parser.execute(Buffer.from(text, "latin1"));
  return {
    messages,
    error: typeof result === "number" ? null : ((result as { code?: string }).code ?? result.message),
  };
}
