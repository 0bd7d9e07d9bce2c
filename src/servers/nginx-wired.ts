import type { Server, Site, Spec } from "../spec/types.js";
import type { NginxConfig } from "./nginx-parse.js";
import { aboutCounting } from "./nginx-wired-counting.js";
import { aboutPasses } from "./nginx-wired-passes.js";
import { refuse, wiringOf, type WiredFinding } from "./nginx-wiring.js";

/**
 * Whether a site can be held by a config that includes fence's files, by what is in effect in its locations.
 * @param canonical a file by the one name that it has without symlinks
 * @returns all that stands against a hold, and what is good to know; empty: nothing
 */
export function wiredFindings(
  spec: Spec,
  server: Server,
  site: Site,
  config: NginxConfig,
  canonical: (file: string) => string = (file) => file,
): WiredFinding[] {
  const upstream = spec.upstreams.find(({ name }) => name === site.upstream);
  if (upstream === undefined) return [];
  const wiring = wiringOf(spec, server, site, upstream, config, canonical);
  const { gated, isPrepared, folder } = wiring;
  if (gated.length === 0) {
    const line = `include ${folder}/gate.${site.name}.conf;`;
    return [
      refuse(
        null,
        `no server block has the gate of ${site.name}, so that nothing would wait; write ${line} first in it.`,
      ),
    ];
  }
  if (!isPrepared) {
    const line = `include ${folder}/gate.http.conf;`;
    return [
      refuse(
        null,
        `hold.http.conf is not read, which says where requests wait; write ${line} in http, which includes it.`,
      ),
    ];
  }
  const found = [...aboutPasses(wiring), ...aboutCounting(wiring)];
  // A file may be included in many locations.
  return [...new Map(found.map((one) => [one.sentence, one])).values()];
}
