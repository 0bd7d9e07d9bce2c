import { readFileSync } from "node:fs";

/** Text, one character a byte; a pair stands for a text repeated so many times. */
type Part = string | readonly (string | readonly [text: string, count: number])[];

interface Case {
  readonly id: string;
  readonly category: string;
  readonly rfc: string;
  readonly why: string;
  /** what is sent, in this many writes */
  readonly parts: readonly Part[];
  readonly gapMs?: number;
}

/** A client's bytes, and what a strict proxy does with them. */
export interface RequestCase extends Case {
  /** the client half-closes after its last byte */
  readonly fin?: boolean;
  readonly expect: {
    /** "either" = accepting and refusing are both right; "wait" = neither yet */
    readonly verdict: "accept" | "reject" | "either" | "wait";
    /** statuses that are right, of a refusal and of an accepted request alike */
    readonly status?: readonly number[];
    readonly close?: boolean;
    /** complete requests the backend may see */
    readonly forwarded?: number;
    readonly responses?: number | readonly number[];
    readonly body?: string;
    readonly selfOk?: boolean;
    readonly waitOk?: boolean;
    readonly forwardAbsentBytes?: readonly string[];
    readonly forwardHas?: readonly string[];
  };
}

/** A backend's bytes, and what a strict proxy makes of them. */
export interface ResponseCase extends Case {
  readonly method: string;
  /** what the backend does after its last byte */
  readonly closes: "end" | "reset" | "never";
  readonly expect: {
    /** "cut" = the client must be able to see that the response is not complete */
    readonly verdict: "ok" | "bad502" | "either" | "cut" | "status";
    readonly status?: number | readonly number[];
    readonly body?: string;
    readonly count?: Readonly<Record<string, number>>;
    readonly absent?: readonly string[];
  };
}

/** The bytes of a FastCGI application, and what a strict proxy makes of them. */
export interface FastcgiCase extends Omit<ResponseCase, "expect"> {
  readonly expect: Omit<ResponseCase["expect"], "body"> & { readonly body?: Part };
}

export const REQUEST_CASES = load("requests") as readonly RequestCase[];
export const RESPONSE_CASES = load("responses") as readonly ResponseCase[];
export const FASTCGI_CASES = load("fastcgi") as readonly FastcgiCase[];

function load(name: string): unknown {
  // from build/test/support
  return JSON.parse(
    readFileSync(new URL(`../../../test/proxy/corpus/${name}.json`, import.meta.url), "utf8"),
  );
}

/** The bytes of each part. */
export function partsOf({ parts }: Pick<Case, "parts">): Buffer[] {
  return parts.map((part) => Buffer.from(textOf(part), "latin1"));
}

export function textOf(part: Part): string {
  return typeof part === "string" ? part : part.map(piece).join("");
}

function piece(text: string | readonly [string, number]): string {
  return typeof text === "string" ? text : text[0].repeat(text[1]);
}
