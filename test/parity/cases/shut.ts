import { HANDSHAKE, type Case, type Topic } from "../case.js";

const SHUT = { "x-maintenance-mode": "1", "retry-after": /^[1-9]\d*$/ };
/** Of routes for some names of a site: [host, path, whose upstream, what that is asked for]. */
export const NAMES: readonly (readonly [(site: string) => string, string, "api" | "app", string])[] = [
  [(site) => `other.${site}.test`, "GET /tenant/", "api", "/"],
  [(site) => `${site}.test`, "GET /tenant/", "app", "/tenant/"],
  [(site) => `${site}.test`, "GET /v12/", "api", "/all/v12/"],
  [(site) => `other.${site}.test`, "GET /v12/", "app", "/v12/"],
];

const STAFF = "X-Forwarded-For: 192.0.2.9";

/** Who passes a site that is shut, and goes where they go while it is up. */
const passing = (mode: "down" | "hold"): Case[] => {
  const passes = (name: string, ask: string, url: string, more: Partial<Case> = {}): Case => ({
    name: `${mode}: ${name}`,
    site: `passes-${mode}`,
    ask,
    ...more,
    expect: { status: 200, ...more.expect, seen: { url, ...more.expect?.seen } },
  });
  const byApi = { expect: { status: 200, headers: { "x-by": "api" } } };
  return [
    passes("a path that passes goes to the upstream of the site", "GET /open/a?b=c", "/open/a?b=c", {
      expect: { status: 200, headers: { "x-by": null }, seen: { headers: { "x-env": "prod" } } },
    }),
    passes("one below a route goes to that one's", "GET /api/open/x?y", "/open/x?y", byApi),
    passes("an exact one to an exact route's", "GET /exact", "/exact", byApi),
    passes("a regular expression to another one's", "GET /v12/open", "/all/v12/open", byApi),
    passes("a body goes along", "POST /api/open", "/open", {
      body: "hello",
      expect: { status: 200, headers: { "x-by": "api" }, seen: { method: "POST", body: "hello" } },
    }),
    {
      name: `${mode}: a handshake passes`,
      site: `passes-${mode}`,
      ask: "GET /open/socket",
      fields: HANDSHAKE,
      expect: { status: 101, headers: { "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" } },
    },
    {
      name: `${mode}: a redirect is mapped`,
      site: `passes-${mode}`,
      ask: "GET /tell/none?status=302&Location=/app/x",
      fields: [STAFF],
      expect: { status: 302, headers: { location: "/x" } },
    },
    passes("an address that is allowed goes where its path leads", "GET /x", "/x", {
      fields: [STAFF],
      expect: { status: 200, headers: { "x-by": null, "x-fence-mode": `${mode}; allow` } },
    }),
    passes("and to the upstream of a route", "GET /api/x", "/x", {
      fields: [STAFF],
      expect: { status: 200, headers: { "x-by": "api", "x-fence-mode": `${mode}; allow` } },
    }),
    {
      name: `${mode}: and gets files of a route`,
      site: `passes-${mode}`,
      ask: "GET /static/a.txt",
      fields: [STAFF],
      expect: { status: 200, body: "static a\n", unseen: true },
    },
    passes("a bypass does as well, and no backend is told of it", "GET /api/x", "/x", {
      fields: ["Cookie: a=1; fence_bypass=@bypass; b=2"],
      expect: {
        status: 200,
        headers: { "x-by": "api", "x-fence-mode": `${mode}; bypass` },
        seen: { headers: { cookie: "a=1; b=2" } },
      },
    }),
    ...NAMES.map(([host, ask, by, url]): Case => ({
      name: `${mode}: ${ask} of ${host("names")} passes to ${by}`,
      site: `names-${mode}`,
      host: host(`names-${mode}`),
      ask: `${ask}open`,
      expect: { status: 200, headers: { "x-by": by === "api" ? "api" : null }, seen: { url: `${url}open` } },
    })),
    passes("the health path goes to the upstream of its route", "GET /api/health", "/health", byApi),
    {
      name: `${mode}: the health path is ok where it is to be`,
      site: `ok-${mode}`,
      ask: "GET /health",
      expect: { status: 200, unseen: true },
    },
  ];
};

export const exceptions: Topic = {
  title: "Who passes a site that is down or held",
  cases: [
    ...passing("down"),
    ...["http", "https"].map((scheme): Case => ({
      name: `A link that was opened over ${scheme} at a trusted proxy sets a cookie for ${scheme}`,
      site: "passes-down",
      ask: "GET /.well-known/fence/bypass/@bypass",
      fields: [`X-Forwarded-Proto: ${scheme}`],
      expect: {
        status: 303,
        headers: { location: "/", "set-cookie": scheme === "https" ? /; Secure$/ : /; SameSite=Lax$/ },
        unseen: true,
      },
    })),
    {
      name: "down: others get the maintenance answer at a route",
      site: "passes-down",
      ask: "GET /api/x",
      expect: { status: 503, headers: SHUT, unseen: true },
    },
    {
      name: "down: and with a bypass of another site",
      site: "ok-down",
      ask: "GET /x",
      fields: ["Cookie: fence_bypass=@bypass"],
      expect: { status: 503, headers: SHUT, unseen: true },
    },
    {
      name: "down: POST to a health path that passes does not",
      site: "passes-down",
      ask: "POST /api/health",
      body: "",
      expect: { status: 503, headers: SHUT, unseen: true },
    },
    ...passing("hold"),
  ],
};
