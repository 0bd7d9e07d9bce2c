import { canonicalHost } from "./address-checks.js";
import { folder, pairs } from "./build-parts.js";
import { DEFAULTS } from "./defaults.js";
import type { RawCompress, RawRewrite, RawSendfile } from "./schema-answers.js";
import type { Compress, HeaderRules, Rewrite, Sendfile } from "./types.js";

export function buildRewrite(raw: RawRewrite = {}): Rewrite {
  const domain = (name: string): string => canonicalHost(name.replace(/^\./, "")) ?? name;
  return {
    request: buildRules(raw.request, DEFAULTS["site.rewrite.request.remove"].value),
    response: buildRules(raw.response, DEFAULTS["site.rewrite.response.remove"].value),
    location: raw.location ?? DEFAULTS["site.rewrite.location"].value,
    cookieDomain: (raw.cookie_domain ?? DEFAULTS["site.rewrite.cookie_domain"].value).map(({ from, to }) => ({
      from: domain(from),
      to: domain(to),
    })),
    cookiePath: raw.cookie_path ?? DEFAULTS["site.rewrite.cookie_path"].value,
  };
}

function buildRules(raw: RawRewrite["request"], removed: readonly string[]): HeaderRules {
  return { set: pairs(raw?.set), remove: raw?.remove ?? removed };
}

export function buildSendfile(raw: RawSendfile): Sendfile {
  return {
    roots: (raw.roots ?? DEFAULTS["site.sendfile.roots"].value).map(folder),
    accel: (raw.accel ?? DEFAULTS["site.sendfile.accel"].value).map(({ prefix, dir }) => ({
      prefix,
      dir: folder(dir),
    })),
  };
}

export function buildCompress(raw: RawCompress): Compress {
  return {
    types: (raw.types ?? DEFAULTS["site.compress.types"].value).map((type) => type.toLowerCase()),
    minBytes: raw.min_bytes ?? DEFAULTS["site.compress.min_bytes"].value,
    encodings: raw.encodings ?? DEFAULTS["site.compress.encodings"].value,
  };
}
