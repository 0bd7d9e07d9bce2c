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

export function file(name: string, content: string): VariantFile {
  return { name, source: { content } };
}
