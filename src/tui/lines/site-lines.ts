import { timeText } from "../../base/time-text.js";
import type { Rate } from "../rates.js";
import type { ServerLook, SiteLook, WorkerLook } from "../types.js";
import { plain, styled, type Line } from "./line.js";
import { countText, forText, heldText, modeSpan, rateText, untilText } from "./words.js";

/**
 * A site, its servers and their workers.
 * @param atMs when it was seen; null: without what changes by itself with every look
 */
export function siteLines(
  site: SiteLook,
  rate: Rate | undefined,
  atMs: number | null,
  unicode: boolean,
): Line[] {
  const { name, mode, sinceMs, untilMs, by, reason, message, generation } = site;
  const age = atMs === null ? "" : ` (${forText(site, atMs)})`;
  const left = atMs === null ? "" : `: ${untilText(site, atMs)}`;
  const since = sinceMs === null ? "" : ` since ${timeText(sinceMs)}${age}`;
  const perSec = atMs === null ? "" : `; requests/s ${rateText(rate?.perSec.at(-1) ?? null)}`;
  return [
    [{ text: name, style: "bold" }, { text: "  " }, modeSpan(mode, unicode), { text: since }],
    ...(untilMs === null ? [] : [plain(`until ${timeText(untilMs)}${left}`)]),
    ...(by === "" && reason === ""
      ? []
      : [plain(`by ${by || "nobody known"}${reason === "" ? "" : `: ${reason}`}`)]),
    ...(message === "" ? [] : [plain(`clients are told: ${message}`)]),
    plain(
      `generation ${generation}; in flight ${countText(site.inflight, unicode)}; held ${heldText(site.held)}${perSec}`,
    ),
    ...site.servers.flatMap((server) => serverLines(server, unicode)),
  ];
}

function serverLines(server: ServerLook, unicode: boolean): Line[] {
  const { name, kind, running, mode, generation, isVerified, inflight, held, workers, problems } = server;
  const runs = { yes: "running", no: "not running", unknown: "not known to run" }[running];
  const proof = isVerified
    ? styled("green", unicode ? "✓ proven" : "ok, proven")
    : styled("red", "! not proven");
  return [
    plain(""),
    [{ text: `server ${name}`, style: "bold" }, { text: ` (${kind})  ${runs}  ` }, ...proof],
    [
      { text: "  shows " },
      modeSpan(mode, unicode),
      {
        text: `, generation ${generation ?? "unknown"}; in flight ${countText(inflight, unicode)}; held ${heldText(held)}`,
      },
    ],
    ...workers.map(workerLine),
    ...problems.map((problem): Line => [{ text: "  ! ", style: "red" }, { text: problem }]),
  ];
}

function workerLine({ pid, isSettled, detail }: WorkerLook): Line {
  const how = isSettled === null ? "has not answered" : isSettled ? "follows" : "acts on an older variant";
  return plain(`  worker ${pid} ${how}${detail === null ? "" : ` (${detail})`}`);
}
