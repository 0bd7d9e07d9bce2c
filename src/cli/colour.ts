/** What colour depends on besides the stream. */
export interface ColourEnv {
  readonly [name: string]: string | undefined;
}

export const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

export type Style = keyof typeof STYLES;

/**
 * Whether a stream gets colour: --no-color, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then TERM=dumb, then
 * whether it is a terminal. The order of NO_COLOR and FORCE_COLOR is that of commander, which prints the help.
 */
export function wantsColour(env: ColourEnv, isTerminal: boolean, flag: boolean | null): boolean {
  if (flag !== null) return flag;
  if (env["NO_COLOR"]) return false;
  const force = env["FORCE_COLOR"];
  if (force === "0" || force === "false") return false;
  if (force || env["CLICOLOR_FORCE"]) return true;
  return isTerminal && env["TERM"] !== "dumb";
}

/** Wraps text in the escape codes of a style. */
export function paint(style: Style, text: string): string {
  const [on, off] = STYLES[style];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

/** Whether the terminal shows more than ASCII, by the first of the three locale variables that is set. */
export function showsUnicode(env: ColourEnv): boolean {
  if (env["TERM"] === "linux") return false;
  return /utf-?8/i.test(env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "");
}
