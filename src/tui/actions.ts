import type { Action, Asked, SiteLook } from "./types.js";

/** What the key of each action begins. */
export const ACTION_OF: Readonly<Record<string, Action>> = { d: "down", u: "up", h: "hold", r: "release" };

/** The question, and the answer that is a yes. */
export function questionOf(action: Action, site: string): { question: string; yes: string } {
  return {
    down: { question: `Take ${site} down?`, yes: "Take it down" },
    up: { question: `Bring ${site} up?`, yes: "Bring it up" },
    hold: { question: `Hold the requests of ${site}?`, yes: "Hold them" },
    release: { question: `Let the requests of ${site} go on?`, yes: "Let them go on" },
  }[action];
}

/** What clients will see of it, in sentences. */
export function effectOf(action: Action, { mode, servers }: SiteLook): string {
  const where = `on ${servers.map(({ name }) => name).join(", ")}`;
  switch (action) {
    case "down":
      return mode === "down"
        ? `It is down already, and stays so ${where}.`
        : `New requests get the maintenance answer, 503, ${where}. Those that have begun are completed.`;
    case "hold":
      return mode === "hold"
        ? `It is held already ${where}; the hold begins anew.`
        : `New requests wait ${where}, within the limits of the spec. It is done when none is at the backends.`;
    case "up":
    case "release":
      return mode === "up"
        ? `It is up already, and stays so ${where}.`
        : `Requests go where the spec says ${where}. Those that wait go first.`;
  }
}

/** Whether it is one that may be announced to end. */
export function hasEnd(action: Action): boolean {
  return action === "down" || action === "hold";
}

/** The command line that does the same, ready for a shell. */
export function commandLineOf(specFile: string, { action, site, reason, end }: Asked): string {
  const options = [...(end === "" ? [] : ["--for", end]), ...(reason === "" ? [] : ["--reason", reason])];
  return ["fence", "-c", specFile, action, site, ...options].map(quoted).join(" ");
}

function quoted(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
