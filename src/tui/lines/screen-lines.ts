import type { State } from "../state.js";
import { changeLines } from "./change-lines.js";
import { helpLines } from "./help-lines.js";
import { historyLines } from "./history-lines.js";
import { plain, type Line } from "./line.js";
import { siteLines } from "./site-lines.js";

/**
 * The lines of a screen that is made of lines; the list of sites is a table.
 * @param isSpoken without what changes by itself with every look
 */
export function screenLines(state: State, isSpoken = false): Line[] {
  const { screen, look, selected, rates, change, face } = state;
  switch (screen) {
    case "sites":
      return [];
    case "site": {
      const site = look?.sites.find(({ name }) => name === selected);
      if (look === null || site === undefined) return [];
      return siteLines(site, rates[site.name], isSpoken ? null : look.atMs, face.unicode);
    }
    case "history":
      return historyLines(look?.history ?? []);
    case "change":
      return change === null
        ? [plain("nothing has been changed from here yet")]
        : changeLines(change, face.unicode);
    case "help":
      return helpLines();
  }
}
