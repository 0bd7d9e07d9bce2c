import type { Case, Expect, Seen, Text } from "./case.js";
import type { RawAnswer } from "./raw-answer.js";

/** What stands for something in the requests of cases, and what that is in this run. */
export interface Placeholders {
  /** Of `@/`, and of `%40%2F`. */
  folder: string;
  /** Of `@bypass`. */
  bypass: string;
}

/** The bytes of a case's request. */
export function messageOf(one: Case, { folder, bypass }: Placeholders): string {
  return written(one)
    .replaceAll("%40%2F", encodeURIComponent(`${folder}/`))
    .replaceAll("@/", `${folder}/`)
    .replaceAll("@bypass", bypass);
}

function written({ site, ask = "GET /", fields = [], host, body, raw }: Case): string {
  if (raw !== undefined) return raw;
  const line = / HTTP\/1\.\d$/.test(ask) ? ask : `${ask} HTTP/1.1`;
  const lines = [
    ...(host === null ? [] : [`Host: ${host ?? `${site}.test`}`]),
    ...(fields.some((field) => /^connection:/i.test(field)) ? [] : ["Connection: close"]),
    ...(body === undefined || fields.some((field) => /^transfer-encoding:/i.test(field))
      ? []
      : [`Content-Length: ${body.length}`]),
    ...fields,
  ];
  return `${line}\r\n${lines.map((text) => `${text}\r\n`).join("")}\r\n${body ?? ""}`;
}

/** What came of a request. */
export interface Outcome {
  answer: RawAnswer;
  /** Requests that backends have received because of it. */
  reached: number;
  /** It had no answer before its site was released; undefined: the site was not to be. */
  didWait?: boolean;
}

/** What is not as expected, a sentence each. @param host whose redirects are its own */
export function problemsOf(expect: Expect, { answer, reached, didWait }: Outcome, host: string): string[] {
  const problems: string[] = [];
  const tell = (what: string, text: string | null, wanted: Text): void => {
    if (!fits(text, wanted))
      problems.push(
        `${what} is ${text === null ? "missing" : JSON.stringify(text.slice(0, 300))}, not ${String(wanted)}`,
      );
  };
  const isRight =
    expect.status === null ? answer.status >= 400 && answer.status < 500 : answer.status === expect.status;
  if (!isRight) problems.push(`status is ${answer.status}, not ${expect.status ?? "4xx"}`);
  for (const [name, wanted] of Object.entries(expect.headers ?? {})) {
    const all = answer.headers.get(name) ?? [];
    const values = name === "location" ? all.map((value) => onHost(value, host)) : all;
    if (wanted === null || typeof wanted === "string" || wanted instanceof RegExp)
      tell(name, values.length === 0 ? null : values.join(", "), wanted);
    else if (JSON.stringify(values) !== JSON.stringify(wanted))
      problems.push(`${name} is ${JSON.stringify(values)}, not ${JSON.stringify(wanted)}`);
  }
  if (expect.body !== undefined) tell("the body", answer.body, expect.body);
  if (expect.seen !== undefined) problems.push(...seenProblems(expect.seen, answer.body, tell));
  if (expect.unseen === true && reached > 0) problems.push("a backend was asked");
  if (expect.waits !== undefined && expect.waits !== didWait)
    problems.push(didWait === true ? "it waits" : "it does not wait");
  if (expect.waits === true && expect.seen !== undefined && reached !== 1)
    problems.push(`backends were asked ${reached} times`);
  return problems;
}

function seenProblems(
  seen: Seen,
  body: string,
  tell: (what: string, text: string | null, wanted: Text) => void,
): string[] {
  let told: { method: string; url: string; headers: Record<string, string>; body: string };
  try {
    told = JSON.parse(body) as typeof told;
  } catch {
    return [`the backend does not tell what it received: ${body.slice(0, 200)}`];
  }
  for (const key of ["method", "url", "body"] as const) {
    const wanted = seen[key];
    if (wanted !== undefined) tell(`the ${key} at the backend`, told[key], wanted);
  }
  for (const [name, wanted] of Object.entries(seen.headers ?? {}))
    tell(`${name} at the backend`, told.headers[name] ?? null, wanted);
  return [];
}

function fits(text: string | null, wanted: Text): boolean {
  if (wanted === null || text === null) return wanted === text;
  return typeof wanted === "string" ? text === wanted : wanted.test(text);
}

/** Whether a redirect on the host itself is told as a path or as a URL is no difference. */
function onHost(location: string, host: string): string {
  const [, authority, path] = /^https?:\/\/([^/]*)(\/.*)$/.exec(location) ?? [];
  return authority?.replace(/:\d+$/, "") === host && path !== undefined ? path : location;
}
