import { bodies } from "../page/bodies.js";
import type { ModeValues, Site } from "../spec/types.js";
import type { VariantFile } from "./adapter.js";

/**
 * What every variant folder holds, whatever its mode: a request that was judged before a switch may look for its page
 * after it.
 */
export function sharedFiles(site: Site, values: ModeValues): VariantFile[] {
  const { mode, generation } = values;
  const page = bodies(site, values);
  return [
    file("variant", `fence variant=${mode} generation=${generation} site=${site.name}\n`),
    file("probe.json", `${JSON.stringify({ fence: mode, site: site.name, generation })}\n`),
    file("down.html", page.html),
    file("down.json", page.json),
    file("down.txt", page.text),
  ];
}

/** The file `state`. Times are whole seconds; the last line tells that the file is whole. */
export function stateText(values: ModeValues): string {
  const until = values.untilMs === null ? "" : Math.ceil(values.untilMs / 1000);
  const { mode, generation, retryAfterSec } = values;
  return `mode=${mode}\ngeneration=${generation}\nuntil=${until}\nretry_after=${retryAfterSec}\nend=1\n`;
}

export function file(name: string, content: string): VariantFile {
  return { name, source: { content } };
}
