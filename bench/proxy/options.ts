import { parseArgs } from "node:util";
import { CASES, type Case } from "./cases.js";
import type { Peer } from "./peer.js";
import { BASE, PEERS } from "./peers.js";

export interface Options {
  cases: readonly Case[];
  peers: readonly Peer[];
  rounds: number;
  seconds: number;
  minutes: number;
  isJson: boolean;
  /** Where the picture is written to; null: nowhere. */
  picture: string | null;
}

export const HELP = `What fence's own proxy costs beside other servers, measured on this machine.

  npm run bench:proxy -- [OPTIONS]

  --case NAME,...    only these cases
  --peers NAME,...   only these servers; ${BASE.name} is always among them
  --rounds N         rounds of each case (7; with --quick 3)
  --seconds N        of load in each round, a whole number (2; with --quick 1)
  --minutes N        after so many minutes each case still to come has one round only (45)
  --quick            a few cases, fence and ${BASE.name} alone
  --json             print JSON instead of tables
  --picture FILE     also draw the ratios into an SVG file
  --help             print this

cases: ${CASES.map(({ name }) => name).join(" ")}
peers: ${PEERS.map(({ name }) => name).join(" ")}

It ends with 1 when anything was answered wrongly. No figure, however bad, makes it fail.`;

/** null: the help was asked for. @throws Error for what is no option, no name or no number */
export function optionsOf(argv: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      case: { type: "string" },
      peers: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      minutes: { type: "string", default: "45" },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      picture: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const { quick } = values;
  const quickPeers = PEERS.filter(({ name }) => name === "fence" || name === BASE.name);
  const peers = chosen("peers", values.peers, PEERS, quick ? quickPeers : PEERS);
  return {
    cases: chosen("case", values.case, CASES, quick ? CASES.filter(({ isQuick }) => isQuick) : CASES),
    peers: PEERS.filter((peer) => peer === BASE || peers.includes(peer)),
    rounds: wholeNumber("rounds", values.rounds ?? (quick ? "3" : "7")),
    seconds: wholeNumber("seconds", values.seconds ?? (quick ? "1" : "2")),
    minutes: wholeNumber("minutes", values.minutes),
    isJson: values.json,
    picture: values.picture ?? null,
  };
}

function chosen<T extends { name: string }>(
  option: string,
  text: string | undefined,
  all: readonly T[],
  otherwise: readonly T[],
): readonly T[] {
  if (text === undefined) return otherwise;
  return text.split(",").map((name) => {
    const found = all.find((one) => one.name === name);
    if (found !== undefined) return found;
    throw new Error(`--${option}: there is no ${name}; there is ${all.map((one) => one.name).join(", ")}`);
  });
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`--${option} takes a whole number above 0`);
}
