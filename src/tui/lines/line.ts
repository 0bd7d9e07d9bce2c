/** As the terminal calls them; never the only sign of anything. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** A piece of text. */
export interface Span {
  text: string;
  style?: Style;
}

/** A line as long as it is: who shows it breaks it. */
export type Line = readonly Span[];

export function plain(text: string): Line {
  return [{ text }];
}

export function styled(style: Style, text: string): Line {
  return [{ text, style }];
}

export function textOf(line: Line): string {
  return line.map(({ text }) => text).join("");
}
