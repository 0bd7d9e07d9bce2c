import { basename } from "node:path";
import type { Decision } from "../proxy/gate/decide.js";
import { printable } from "../base/printable.js";
import type { Asked, Explained } from "./explain.js";
import type { Rule, Taken } from "./explain-route.js";
import type { Output } from "./output.js";

const LABEL_WIDTH = 11;

/** What `fence explain` prints, server by server. */
export function explainLines(
  out: Output,
  file: string,
  { head, ip }: Asked,
  explained: readonly Explained[],
): string[] {
  const spec = basename(file);
  const place = ({ line }: Rule): string => (line === 0 ? "" : ` (${spec}:${line})`);
  const shown = (rule: Rule): string => `${printable(rule.rule)}${place(rule)}: ${rule.why}`;
  const first = `${head.method} ${printable(head.target)} of ${head.host} from ${ip}`;
  const servers = explained.flatMap(({ server, site, mode }) => {
    const title = `${out.paint("bold", server.name)} (${server.kind})`;
    const line = (label: string, text: string): string => `  ${label.padEnd(LABEL_WIDTH)}${text}`;
    if (site === null)
      return ["", title, line("site", "none: no site of this server has this host and port")];
    const { taken, exception } = site;
    const answers = answersOf(exception.decision, taken, site.site.maintenance.status);
    return [
      "",
      title,
      line("site", `${site.site.name}, by ${shown(site.rule)}`),
      line("route", taken.route === null ? "none" : shown(taken.route)),
      ...taken.others.map((rule) => line("", `not ${shown(rule)}`)),
      line("goes to", wayText(taken)),
      line("exception", exception.rule === null ? "none" : shown(exception.rule)),
      line("now", mode === "unknown" ? "unknown: the server does not say" : `${mode}: ${answers[mode]}`),
      ...(["up", "down", "hold"] as const).map((one) => line(`when ${one}`, answers[one])),
    ];
  });
  return [first, ...servers];
}

function wayText({ upstream, folder, target }: Taken): string {
  if (folder !== null) return `files in ${folder}`;
  return upstream === null ? "nothing: 404" : `upstream ${upstream}, asked for ${printable(target ?? "")}`;
}

function answersOf(
  decision: Decision,
  { upstream, folder }: Taken,
  status: number,
): Record<"up" | "down" | "hold", string> {
  const live = folder !== null ? "the file, or 404" : upstream === null ? "404" : `the answer of ${upstream}`;
  const passes = decision === "live" || decision === "allow" || decision === "bypass";
  if (passes) return { up: live, down: `passes: ${live}`, hold: `passes: ${live}` };
  if (decision === "health-ok") return { up: live, down: "200", hold: "200" };
  const down = decision === "preflight" ? "204 with the CORS headers" : `${status}, the maintenance answer`;
  // Who waits does so for a backend.
  const held = upstream === null ? live : `waits, then ${live}`;
  return { up: live, down, hold: decision === "health-down" ? down : held };
}
