import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { wallMs } from "../../base/clock.js";
import {
  BYPASS_COOKIE,
  BYPASS_HEADER,
  BYPASS_PATH,
  bypassCookie,
  endOfToken,
  nameOfToken,
  tokenOfCookies,
  withoutBypass,
} from "../../base/bypass.js";
import type { Mode } from "../../base/mode.js";
import { answerOf, type Answer } from "../answers/answer.js";
import { fieldValue } from "../wire/field-value.js";
import type { RequestHead } from "../wire/types.js";

/** Beside the active variants: `<state_dir>/servers/<server>/<site>` and `<state_dir>/bypass/<site>`. */
function fileOf(active: string, site: string, token: string): string {
  return join(resolve(active, "../../../bypass", site), nameOfToken(token));
}

function isValid(active: string, site: string, token: string): boolean {
  const endSec = endOfToken(token);
  return endSec !== null && endSec * 1000 > wallMs() && existsSync(fileOf(active, site, token));
}

/** Whether a request may pass while its site is not up. Looks at the disk, and only when it has a cookie for that. */
export function passesBy(active: string, site: string, fields: string): boolean {
  if (!fields.includes(BYPASS_COOKIE)) return false;
  const token = tokenOfCookies(fieldValue(fields, "cookie") ?? "");
  return token !== null && isValid(active, site, token);
}

/** What staff are told who pass, and by what. */
export function passLine(mode: Mode, by: "allow" | "bypass"): string {
  return `${BYPASS_HEADER}: ${mode}; ${by}\r\n`;
}

/** The answer to a link of `fence bypass new`; null: nobody made such a one, or it has ended. */
export function linkAnswer(active: string, site: string, path: string, isSecure: boolean): Answer | null {
  const token = path.slice(BYPASS_PATH.length);
  if (!isValid(active, site, token)) return null;
  return answerOf(
    303,
    `Location: /\r\nSet-Cookie: ${bypassCookie(token, isSecure)}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n`,
    "",
  );
}

/** The request without fence's own cookie: no backend is to see it, in no mode. */
export function withoutCookie(request: RequestHead): RequestHead {
  if (!request.fields.includes(BYPASS_COOKIE)) return request;
  const fields = request.fields.replace(/^cookie:[ \t]*(.*)\r\n/gim, (_line, value: string) => {
    const rest = withoutBypass(value);
    return rest === "" ? "" : `Cookie: ${rest}\r\n`;
  });
  return { ...request, fields };
}
