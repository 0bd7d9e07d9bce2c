import { realpathSync } from "node:fs";
import type { Limit } from "../servers/adapter.js";
import { holds } from "../servers/nginx-hold.js";
import { parseNginxDump } from "../servers/nginx-parse.js";
import { wiredFindings } from "../servers/nginx-wired.js";
import { sitesOf } from "../servers/sites.js";
import type { Server, Spec } from "../spec/types.js";
import { changedSinceRead, readOwnConfig } from "../verify/nginx-own-config.js";
import { isPending } from "./pending-reload.js";

/**
 * What a server's config, where it is the user's own, has to do with a hold of the sites that could be held there.
 * refuse: of a hold.
 * @param masterPid null: it does not run
 */
export async function wiredLimits(spec: Spec, server: Server, masterPid: number | null): Promise<Limit[]> {
  if (server.kind !== "nginx" || server.config !== "include") return [];
  const sites = sitesOf(spec, server).filter((site) => holds(spec, server, site));
  if (sites.length === 0) return [];
  const refused = (sentence: string): Limit => ({ level: "refuse", site: null, sentence });
  const { dump, problem } = await readOwnConfig(server, masterPid);
  if (dump === null) return [refused(`its config cannot be read: ${problem}`)];
  const config = parseNginxDump(dump);
  const gap = config === null ? "its braces are not in pairs" : config.problem;
  if (config === null || gap !== null) return [refused(`fence cannot follow what nginx -T prints: ${gap}.`)];
  const canonical = remembering(realOf);
  const found = sites.flatMap((site) =>
    wiredFindings(spec, server, site, config, canonical).map((one): Limit => ({ ...one, site: site.name })),
  );
  if (masterPid !== null) {
    // Each fence apply writes all of its own files anew, and notes itself when nginx must read them again.
    const output = `${canonical(spec.outputDir)}/`;
    const files = config.files.filter((file) => !canonical(file).startsWith(output));
    for (const file of changedSinceRead(files, masterPid))
      found.push(refused(`${file} was changed after ${server.name} has read it; reload ${server.name}.`));
    if (isPending(spec, server, masterPid))
      found.push(
        refused(`fence apply has changed the files that ${server.name} includes; reload ${server.name}.`),
      );
  }
  return found;
}

function realOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function remembering(find: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const found = known.get(text) ?? find(text);
    known.set(text, found);
    return found;
  };
}
