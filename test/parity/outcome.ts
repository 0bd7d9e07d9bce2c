import type { Case, Expect, Seen, Text } from "./case.js";
import type { RawAnswer } from "./raw-answer.js";

/** The bytes of a case's request. */
export function messageOf({ site, ask = "GET /", fields = [], host, body, raw }: Case): string {
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

/** What is not as expected, a sentence each. @param reached requests that the backend has received meanwhile */
export function problemsOf(expect: Expect, answer: RawAnswer, host: string, reached: number): string[] {
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
