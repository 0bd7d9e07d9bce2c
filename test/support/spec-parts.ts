import { buildRewrite } from "../../src/spec/build-answers.js";
import { buildHold } from "../../src/spec/build-hold.js";
import { buildPage } from "../../src/spec/build-page.js";
import { buildUpstream } from "../../src/spec/build-upstream.js";
import type { Address, Backend, Server, Site, Upstream } from "../../src/spec/types.js";

/** A backend; without a weight it has the default's. */
export type Placed = Address & Partial<Pick<Backend, "weight">>;

/** An upstream with every default. */
export function upstreamOf(name: string, backends: readonly Placed[]): Upstream {
  return {
    ...buildUpstream(name, { backends: [] }),
    backends: backends.map((backend) => ({ weight: 1, ...backend })),
  };
}

/** What a server has that says nothing of the proxy. */
export const PLAIN_SERVER = { accessLog: null, metrics: null } satisfies Partial<Server>;

/** A page in English alone, with nothing of its own. */
export const PLAIN_PAGE = buildPage({ languages: ["en"] });

/** What a site has that passes messages as they are, and is held as the defaults say. */
export const PLAIN_SITE = {
  worker: null,
  rewrite: buildRewrite(),
  sendfile: null,
  compress: null,
  hold: buildHold(),
} satisfies Partial<Site>;
