import type { CgiSettings, Upstream } from "../../spec/types.js";
import { latin1Of } from "../answers/answer.js";
import type { CgiCodec } from "./codec.js";
import { FASTCGI } from "./fastcgi-records.js";
import { SCGI } from "./scgi-codec.js";
import { ScriptStore } from "./script-store.js";
import { UWSGI } from "./uwsgi-codec.js";

export type CgiProtocol = Exclude<Upstream["protocol"], "http">;

const CODECS: Readonly<Record<CgiProtocol, CgiCodec>> = { fastcgi: FASTCGI, scgi: SCGI, uwsgi: UWSGI };

/** The same for all requests to one upstream: made once. */
export class CgiUpstream {
  readonly codec: CgiCodec;
  /** The files; null: the application is not one. */
  readonly scripts: ScriptStore | null;
  readonly index: string;
  readonly split: readonly string[];
  /** Encoded variables that are the same for all requests. */
  readonly fixed: string;
  /** Encoded variables of the spec. */
  readonly extra: string;
  /** Names of the spec's variables; null: it has none. */
  readonly overridden: ReadonlySet<string> | null;
  /** CONTENT_LENGTH is a variable like the others; with SCGI it comes before them. */
  readonly tellsLength: boolean;

  constructor(
    readonly protocol: CgiProtocol,
    { root, index, split, params }: CgiSettings,
  ) {
    const codec = CODECS[protocol];
    this.codec = codec;
    this.index = latin1Of(index);
    this.split = split.map(latin1Of);
    this.scripts = root === "" || split.length === 0 ? null : new ScriptStore(root);
    this.tellsLength = protocol !== "scgi";
    const own = params.map(({ name, value }) => ({ name, value: latin1Of(value) }));
    this.overridden = own.length === 0 ? null : new Set(own.map(({ name }) => name));
    this.extra = own.map(({ name, value }) => codec.pair(name, value)).join("");
    const fixed: (readonly [string, string])[] = [
      ["GATEWAY_INTERFACE", "CGI/1.1"],
      ["SERVER_SOFTWARE", "fence"],
      // PHP's CGI refuses to run without it
      ["REDIRECT_STATUS", "200"],
      ...(root === "" ? [] : [["DOCUMENT_ROOT", latin1Of(root)] as const]),
    ];
    this.fixed = fixed
      .filter(([name]) => this.overridden?.has(name) !== true)
      .map(([name, value]) => codec.pair(name, value))
      .join("");
  }
}
