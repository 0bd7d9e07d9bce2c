import type { Mode } from "../../base/mode.js";
import type { Maintenance } from "../../spec/types.js";
import { answerOf, latin1Of, statusLine, type Answer } from "../answers/answer.js";
import { preferredBody, type BodyKind } from "../gate/accept.js";
import { fieldOf } from "../gate/fields.js";
import type { SiteState } from "./site-state.js";

const MEDIA_TYPE: Readonly<Record<BodyKind, string>> = {
  html: "text/html; charset=utf-8",
  json: "application/problem+json",
  text: "text/plain; charset=utf-8",
};

/** The maintenance answer of one site in one generation: all that does not depend on the request is built once. */
export interface DownAnswers {
  status: number;
  heads: Readonly<Record<BodyKind, string>>;
  bodies: Readonly<Record<BodyKind, string | Buffer>>;
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
  const { status, header, headers, corsOrigins } = maintenance;
  const bodies = state?.bodies ?? { html: "down\n", json: "{}\n", text: "down\n" };
  const common =
    headers.map(({ name, value }) => `${name}: ${latin1Of(value)}\r\n`).join("") +
    `${header}: 1\r\nCache-Control: no-store\r\nVary: ${corsOrigins.length > 0 ? "Accept, Origin" : "Accept"}\r\n` +
    "X-Content-Type-Options: nosniff\r\n";
  const head = (kind: BodyKind): string =>
    `${statusLine(status)}Content-Type: ${MEDIA_TYPE[kind]}\r\nContent-Length: ${bodies[kind].length}\r\n${common}`;
  return {
    status,
    heads: { html: head("html"), json: head("json"), text: head("text") },
    bodies,
    untilSec: state?.untilSec ?? null,
    retryAfterSec: state?.retryAfterSec ?? maintenance.retryAfterSec,
    origins: new Set(corsOrigins),
    exposed: `Retry-After, ${header}`,
  };
}

/** Seconds until the announced end, and what the spec says once that is past. */
export function retryAfter({ untilSec, retryAfterSec }: DownAnswers, nowSec: number): number {
  const left = (untilSec ?? 0) - nowSec;
  return left > 0 ? left : retryAfterSec;
}

/** @param fields checked field lines of the request */
export function downAnswer(answers: DownAnswers, fields: string, nowSec: number): Answer {
  const kind = preferredBody(fieldOf(fields, "accept") ?? "");
  let head = `${answers.heads[kind]}Retry-After: ${retryAfter(answers, nowSec)}\r\n`;
  const origin = answers.origins.size === 0 ? null : fieldOf(fields, "origin");
  if (origin !== null && answers.origins.has(origin))
    head += `Access-Control-Allow-Origin: ${origin}\r\nAccess-Control-Expose-Headers: ${answers.exposed}\r\n`;
  return { status: answers.status, head, body: answers.bodies[kind] };
}

/** To a preflight that the gate has found to come from a known origin. */
export function preflightAnswer(fields: string): Answer {
  const asked = fieldOf(fields, "access-control-request-headers");
  return answerOf(
    204,
    `Access-Control-Allow-Origin: ${fieldOf(fields, "origin") ?? ""}\r\n` +
      `Access-Control-Allow-Methods: ${fieldOf(fields, "access-control-request-method") ?? ""}\r\n` +
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
