import { bodies, languagesOf } from "../page/bodies.js";
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
  const { html, json, text } = bodies(site, values);
  return [
    file("variant", `fence variant=${mode} generation=${generation} site=${site.name}\n`),
    file("probe.json", `${JSON.stringify({ fence: mode, site: site.name, generation })}\n`),
    ...html.map(({ language, body }, index) => file(pageFile(index === 0 ? null : language), body)),
    file("down.json", json),
    file("down.txt", text),
    file("state", stateText(site, values)),
    ...(mode === "up" ? [] : shutFlags(site, values)),
  ];
}

/** The page in one language; null: in the first. */
function pageFile(language: string | null): string {
  return language === null ? "down.html" : `down.${language.toLowerCase()}.html`;
}

/** For Lua and the proxy. Times are whole seconds; the last line tells that the file is whole. */
function stateText(site: Site, values: ModeValues): string {
  const until = values.untilMs === null ? "" : Math.ceil(values.untilMs / 1000);
  const { mode, generation, retryAfterSec, hold } = values;
  const common = `mode=${mode}\ngeneration=${generation}\nuntil=${until}\nretry_after=${retryAfterSec}\n`;
  const languages = languagesOf(site).length === 0 ? "" : `languages=${languagesOf(site).join(",")}\n`;
  return `${common}${languages}${hold === null ? "" : holdText(hold)}end=1\n`;
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

/**
 * For what cannot read: that these files exist is all they say. `down`: the site is not up. `refuse`: and nobody waits.
 * `hold`: and who comes waits, for who can look for both. `refuse` is the one for down, since a request may see `down` of one variant and look for `refuse` in the next: one that came
 * in at the end of a hold then goes to the gate, and none is refused between a hold and up.
 */
function shutFlags(site: Site, values: ModeValues): VariantFile[] {
  const wait = values.leftSec ?? values.retryAfterSec;
  const steps = stepFlags(wait, site.maintenance.retryAfterSec);
  const names = ["down", values.mode === "down" ? "refuse" : "hold", ...steps];
  return names.map((name) => file(name, ""));
}

function file(name: string, content: string): VariantFile {
  return { name, source: { content } };
}
