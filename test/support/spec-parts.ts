import { buildRewrite } from "../../src/spec/build-answers.js";
import { buildHold } from "../../src/spec/build-hold.js";
import { buildUpstream } from "../../src/spec/build-upstream.js";
import type { Backend, Server, Site, Upstream } from "../../src/spec/types.js";

/** An upstream with every default. */
export function upstreamOf(name: string, backends: readonly Backend[]): Upstream {
  return { ...buildUpstream(name, { backends: [] }), backends };
}

/** What a server has that says nothing of the proxy. */
export const PLAIN_SERVER = { accessLog: null, metrics: null } satisfies Partial<Server>;

/** What a site has that passes messages as they are, and is held as the defaults say. */
export const PLAIN_SITE = {
  rewrite: buildRewrite(),
  sendfile: null,
  compress: null,
  hold: buildHold(),
} satisfies Partial<Site>;
