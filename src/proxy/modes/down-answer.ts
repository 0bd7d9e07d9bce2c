import type { Mode } from "../../base/mode.js";
import type { Maintenance } from "../../spec/types.js";
import { answerOf, latin1Of, repeatedly, statusLine, type Answer } from "../answers/answer.js";
import { chooserOf, type ChooseLanguage } from "../gate/accept-language.js";
import { rememberedBody, type BodyKind } from "../gate/accept.js";
import { fieldValue } from "../wire/field-value.js";
import type { Page, SiteState } from "./site-state.js";

const MEDIA_TYPE: Readonly<Record<BodyKind, string>> = {
  html: "text/html; charset=utf-8",
  json: "application/problem+json",
  text: "text/plain; charset=utf-8",
};

/** One of the bodies with the part of its head that is always the same. */
interface Part {
  readonly head: string;
  readonly body: string | Buffer;
  /** The last whole answer, as long as its Retry-After is right; one to an Origin is never it. */
  last: { retryAfter: number; answer: Answer } | null;
}

/** The maintenance answer of one site in one generation: all that does not depend on the request is built once. */
export interface DownAnswers {
  status: number;
  /** By language; the choice between them is made by index. */
  pages: readonly Part[];
  chooseLanguage: ChooseLanguage;
  json: Part;
  text: Part;
  untilSec: number | null;
  retryAfterSec: number;
  origins: ReadonlySet<string>;
  exposed: string;
}

/** What of the spec a maintenance answer is made of, besides its bodies. */
export type AnswerFacts = Pick<
  Maintenance,
  "status" | "header" | "headers" | "corsOrigins" | "retryAfterSec"
>;

/** @param state null: there is no state that could be read, which is down, too, without a page */
export function downAnswersOf(maintenance: AnswerFacts, state: SiteState | null): DownAnswers {
  const { status, header, corsOrigins } = maintenance;
  const pages = state?.pages ?? [BARE];
  const common = commonFields(maintenance, pages);
  const part = (kind: BodyKind, body: string | Buffer, language: string | null = null): Part => ({
    head:
      `${statusLine(status)}Content-Type: ${MEDIA_TYPE[kind]}\r\nContent-Length: ${body.length}\r\n` +
      `${language === null ? "" : `Content-Language: ${language}\r\n`}${common}`,
    body,
    last: null,
  });
  return {
    status,
    pages: pages.map(({ body, language }) => part("html", body, language)),
    chooseLanguage: chooserOf(pages.map(({ language }) => language ?? "")),
    json: part("json", state?.json ?? "{}\n"),
    text: part("text", state?.text ?? "down\n"),
    untilSec: state?.untilSec ?? null,
    retryAfterSec: state?.retryAfterSec ?? maintenance.retryAfterSec,
    origins: new Set(corsOrigins),
    exposed: `Retry-After, ${header}`,
  };
}

/** Where there is no state that could be read. */
const BARE: Page = { language: null, body: "down\n" };

function commonFields({ header, headers, corsOrigins }: AnswerFacts, pages: readonly Page[]): string {
  const vary = [
    "Accept",
    ...(pages.length > 1 ? ["Accept-Language"] : []),
    ...(corsOrigins.length > 0 ? ["Origin"] : []),
  ];
  return (
    headers.map(({ name, value }) => `${name}: ${latin1Of(value)}\r\n`).join("") +
    `${header}: 1\r\nCache-Control: no-store\r\nVary: ${vary.join(", ")}\r\nX-Content-Type-Options: nosniff\r\n`
  );
}

/** Seconds until the announced end, and what the spec says once that is past. */
export function retryAfter({ untilSec, retryAfterSec }: DownAnswers, nowSec: number): number {
  const left = (untilSec ?? 0) - nowSec;
  return left > 0 ? left : retryAfterSec;
}

/** @param fields checked field lines of the request */
export function downAnswer(answers: DownAnswers, fields: string, nowSec: number): Answer {
  const part = partFor(answers, fields);
  const origin = answers.origins.size === 0 ? null : fieldValue(fields, "origin");
  const allowed = origin !== null && answers.origins.has(origin) ? origin : null;
  const seconds = retryAfter(answers, nowSec);
  if (allowed === null && part.last?.retryAfter === seconds) return part.last.answer;
  const head = `${part.head}Retry-After: ${seconds}\r\n`;
  const answer = { status: answers.status, head, body: part.body };
  if (allowed !== null)
    return {
      ...answer,
      head: `${head}Access-Control-Allow-Origin: ${allowed}\r\nAccess-Control-Expose-Headers: ${answers.exposed}\r\n`,
    };
  const repeated = repeatedly(answer);
  part.last = { retryAfter: seconds, answer: repeated };
  return repeated;
}

function partFor(answers: DownAnswers, fields: string): Part {
  const kind = rememberedBody(fieldValue(fields, "accept") ?? "");
  if (kind !== "html") return answers[kind];
  const { pages } = answers;
  const index = pages.length === 1 ? 0 : answers.chooseLanguage(fieldValue(fields, "accept-language") ?? "");
  return pages[index] ?? (pages[0] as Part);
}

/** To a preflight that the gate has found to come from a known origin. */
export function preflightAnswer(fields: string): Answer {
  const asked = fieldValue(fields, "access-control-request-headers");
  return answerOf(
    204,
    `Access-Control-Allow-Origin: ${fieldValue(fields, "origin") ?? ""}\r\n` +
      `Access-Control-Allow-Methods: ${fieldValue(fields, "access-control-request-method") ?? ""}\r\n` +
      (asked === null || asked === "" ? "" : `Access-Control-Allow-Headers: ${asked}\r\n`) +
      "Cache-Control: no-store\r\n" +
      "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n",
    "",
  );
}

/** The health path while the site is down. */
export const HEALTH_OK: Answer = answerOf(
  200,
  "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n",
  "ok\n",
);

/** To fence's probe, except while the site is down. @param mode that in force: an expired hold is another one */
export function probeAnswer(state: SiteState, mode: Mode): Answer {
  const body =
    mode === state.mode
      ? state.probe
      : `${JSON.stringify({ ...(JSON.parse(String(state.probe)) as object), fence: mode })}\n`;
  return answerOf(200, "Content-Type: application/json\r\nCache-Control: no-store\r\n", body);
}
