import { inEffect, locationsOf, nameOf, own, settingOf, withInner, type Level } from "./nginx-levels.js";
import type { Directive } from "./nginx-parse.js";
import {
  enterLine,
  namesVariable,
  note,
  passLine,
  PASS,
  refuse,
  type WiredFinding,
  type Wiring,
} from "./nginx-wiring.js";

/** How much longer than max_wait nginx must wait for an answer that a request has waited for. */
const WAIT_SLACK_MS = 5000;
/** Of `proxy_read_timeout` and its like. */
const READ_TIMEOUT_DEFAULT = "60s";

/** Where the locations of a site pass to, and whether that is right for a request that waits. */
export function aboutPasses(wiring: Wiring): WiredFinding[] {
  const passes = wiring.locations.flatMap((location) => passesIn(location));
  const here = passes.filter(({ pass }) => namesVariable(wiring, pass));
  const others = passes.filter(({ pass }) => !namesVariable(wiring, pass));
  const found = others.flatMap(({ pass }) => aboutOther(wiring, pass));
  if (here.length === 0) {
    const { site, variable } = wiring;
    const sentence =
      `no location of ${site.name} passes to ${variable}, so that nothing would wait; write ${enterLine(wiring)} and ` +
      `${passLine(wiring)} where requests go to its backends.`;
    return [...found, refuse(null, sentence)];
  }
  return [
    ...found,
    ...here.flatMap(({ level, pass }) => [
      ...aboutForm(wiring, pass),
      ...aboutEntry(wiring, level, pass),
      ...aboutAnswers(wiring, level, pass),
    ]),
    ...wiring.servers
      .filter((one) => !wiring.gated.includes(one))
      .flatMap((one) => aboutUngated(wiring, one)),
  ];
}

interface Pass {
  level: Level;
  pass: Directive;
}

function passesIn(location: Level): Pass[] {
  return withInner(location).flatMap((level) => own(level, PASS).map((pass) => ({ level, pass })));
}

function aboutOther(wiring: Wiring, pass: Directive): WiredFinding[] {
  const { site, reader } = wiring;
  const [, target = ""] = pass.words;
  if (leadsToBackend(wiring, pass)) {
    const sentence =
      `${target} is a backend of ${site.name}, and what is passed there would not wait; write ${passLine(wiring)} and ` +
      `${enterLine(wiring)} instead.`;
    return [refuse(pass, sentence)];
  }
  if (!reader.targetsOf(target).isKnown) {
    const sentence =
      `it cannot be told whether ${target} is ever a backend of ${site.name}, and would not wait; write the address out, or ` +
      `${passLine(wiring)} if it is.`;
    return [refuse(pass, sentence)];
  }
  return [
    note(
      pass,
      `what is passed to ${target} does not wait while ${site.name} is held: it is no backend of it.`,
    ),
  ];
}

/** A server block without the gate: what it sends to the backends is nobody's to hold. */
function aboutUngated(wiring: Wiring, server: Level): WiredFinding[] {
  const { site } = wiring;
  return locationsOf(server)
    .flatMap(passesIn)
    .filter(({ pass }) => leadsToBackend(wiring, pass))
    .map(({ pass }) =>
      note(
        pass,
        `a server block without the gate of ${site.name} passes to its backends: these requests neither wait nor are they ` +
          "waited for.",
      ),
    );
}

function leadsToBackend({ reader, backends }: Wiring, pass: Directive): boolean {
  const { addresses } = reader.targetsOf(pass.words[1] ?? "");
  return [...addresses].some((address) => backends.has(address));
}

/** The gate passes bytes on as they come, so they must be those that the backend is to get. */
function aboutForm(wiring: Wiring, pass: Directive): WiredFinding[] {
  const { upstream, variable, site } = wiring;
  const [name = "", target = ""] = pass.words;
  const fix = `write ${passLine(wiring)}`;
  if (name !== passLine(wiring).split(" ")[0])
    return [
      refuse(pass, `the backends of ${site.name} speak ${upstream.protocol}, not what ${name} says; ${fix}`),
    ];
  if (/^(?:https|suwsgi):/i.test(target))
    return [refuse(pass, `the backends of ${site.name} are asked without TLS, by the gate, too; ${fix}`)];
  const place = target.replace(/^(?:http|uwsgi):\/\//i, "").replace(/^\$\{(\w+)\}/, "$$$1");
  if (place === variable) return [];
  return [
    refuse(pass, `${target} is more than ${variable}; ${fix} and change the path by "rewrite … break;".`),
  ];
}

/** Whether a request is counted before it is passed on. */
function aboutEntry(wiring: Wiring, level: Level, pass: Directive): WiredFinding[] {
  const limits = inEffect(level, "limit_conn");
  if (limits.some(({ words }) => words[1] === wiring.zone)) return [];
  const [other] = limits;
  const hidden =
    other === undefined
      ? ""
      : ` (those of ${other.file}:${other.line} are in effect, and nginx adds none to them)`;
  const sentence =
    `what is passed on in ${nameOf(level)} is not counted, so that nobody would wait for it${hidden}; write ` +
    `${enterLine(wiring)} in this location.`;
  return [refuse(pass, sentence)];
}

/** What a client is told of a request that waits, or that is turned away. */
function aboutAnswers(wiring: Wiring, level: Level, pass: Directive): WiredFinding[] {
  const { site, upstream } = wiring;
  const prefix = upstream.protocol === "http" ? "proxy" : upstream.protocol;
  const found: WiredFinding[] = [];
  if (prefix === "proxy") found.push(...aboutHost(level, pass));
  const timeout = settingOf(level, `${prefix}_read_timeout`) ?? READ_TIMEOUT_DEFAULT;
  const { maxWaitMs } = site.hold;
  if (millisecondsOf(timeout) < maxWaitMs + WAIT_SLACK_MS) {
    const seconds = Math.ceil((maxWaitMs + WAIT_SLACK_MS) / 1000);
    const sentence =
      `nginx answers 504 to what has waited for ${timeout}, and max_wait of ${site.name} is ${maxWaitMs / 1000}s; write ` +
      `${prefix}_read_timeout ${seconds}s;`;
    found.push(note(pass, sentence));
  }
  const ignored = inEffect(level, `${prefix}_ignore_headers`).find(({ words }) =>
    words.some((word) => word.toLowerCase() === "x-accel-redirect"),
  );
  if (ignored !== undefined)
    found.push(note(ignored, "who is turned away while the site is held gets a bare 503, not the page."));
  const pages = inEffect(level, "error_page").filter(({ words }) => words.slice(1, -1).includes("503"));
  if (settingOf(level, `${prefix}_intercept_errors`) === "on" && pages[0] !== undefined)
    found.push(
      note(pages[0], "who is turned away while the site is held gets this page, not that of fence."),
    );
  const [check] = inEffect(level, "auth_request");
  if (check !== undefined && check.words[1] !== "off") {
    const sentence =
      "a WebSocket handshake that is being checked is not counted: one may reach the backends after fence hold has returned.";
    found.push(note(check, sentence));
  }
  return found;
}

/** By default nginx tells a backend the name of the upstream, which is another one while the site is held. */
function aboutHost(level: Level, pass: Directive): WiredFinding[] {
  const host = inEffect(level, "proxy_set_header").find(({ words }) => words[1]?.toLowerCase() === "host");
  const fix = "write proxy_set_header Host $host; beside the others.";
  if (host === undefined)
    return [
      refuse(pass, `no proxy_set_header Host is in effect, so that Host would be a name of fence's; ${fix}`),
    ];
  return /\$\{?proxy_(?:host|port)\b/.test(host.words[2] ?? "")
    ? [refuse(host, `Host would be a name of fence's, and another one while the site is held; ${fix}`)]
    : [];
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  "": 1000,
};

/** Such as `60`, `90s`, `1m 30s`. */
function millisecondsOf(text: string): number {
  return [...text.matchAll(/(\d+)\s*(ms|[smhdw]|)/g)].reduce(
    (sum, [, digits, unit = ""]) => sum + Number(digits) * (UNIT_MS[unit] ?? 0),
    0,
  );
}
