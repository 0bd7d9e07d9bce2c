import { plain, styled, type Line } from "./line.js";

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["j k, arrows", "the next site or line; also PgUp, PgDn, Home, End"],
  ["enter", "the servers and workers of the site"],
  ["esc", "back; on the list: no filter"],
  ["/", "only sites with this in their name"],
  ["d u h r", "down, up, hold, release: asks first"],
  ["w e", "in a question: say why, and the end"],
  ["y", "copy the command line that does the same"],
  ["c", "the change that runs, or the last one"],
  ["t", "what was changed before"],
  ["q", "quit"],
  ["Ctrl-C", "stop the running change; else quit"],
];

export function helpLines(): Line[] {
  return [
    ...KEYS.map(([keys, does]): Line => [{ text: keys.padEnd(13), style: "bold" }, { text: does }]),
    plain(""),
    styled("dim", "n/a: the server cannot tell. !: not what was asked for, or not proven; enter says why."),
  ];
}
