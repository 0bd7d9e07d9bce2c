import { bodies } from "../page/bodies.js";
import type { HoldValues } from "../base/mode.js";
import type { ModeValues, Site } from "../spec/types.js";
import type { VariantFile } from "./adapter.js";
import { stepFlags } from "./nginx-steps.js";

/**
 * The files of a variant folder, the same for both kinds of nginx and for the proxy: a server that becomes another of these
 * kinds finds its sites in the modes that they are in; one that cannot hold takes it for down. All modes hold the pages: a request that was
 * judged before a switch may look for its page after it.
 */
export function nginxVariant(site: Site, values: ModeValues): VariantFile[] {
  const { mode, generation } = values;
  const page = bodies(site, values);
  return [
    file("variant", `fence variant=${mode} generation=${generation} site=${site.name}\n`),
    file("probe.json", `${JSON.stringify({ fence: mode, site: site.name, generation })}\n`),
    file("down.html", page.html),
    file("down.json", page.json),
    file("down.txt", page.text),
    file("state", stateText(values)),
    ...(mode === "up" ? [] : downFlags(site, values)),
  ];
}

/** For Lua and the proxy. Times are whole seconds; the last line tells that the file is whole. */
function stateText(values: ModeValues): string {
  const until = values.untilMs === null ? "" : Math.ceil(values.untilMs / 1000);
  const { mode, generation, retryAfterSec, hold } = values;
  const common = `mode=${mode}\ngeneration=${generation}\nuntil=${until}\nretry_after=${retryAfterSec}\n`;
  return `${common}${hold === null ? "" : holdText(hold)}end=1\n`;
}

function holdText(hold: HoldValues): string {
  const values = {
    max_wait_ms: hold.maxWaitMs,
    max_held: hold.maxHeld,
    max_held_per_client: hold.maxHeldPerClient,
    max_body: hold.maxBodyBytes,
    expires: Math.ceil(hold.expiresMs / 1000),
    on_expiry: hold.onExpiry,
    release_concurrency: hold.releaseConcurrency,
  };
  return Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

/** For what cannot read: that these files exist is all they say. */
function downFlags(site: Site, values: ModeValues): VariantFile[] {
  const wait = values.leftSec ?? values.retryAfterSec;
  const flags = stepFlags(wait, site.maintenance.retryAfterSec);
  return ["down", ...flags].map((name) => file(name, ""));
}

function file(name: string, content: string): VariantFile {
  return { name, source: { content } };
}
