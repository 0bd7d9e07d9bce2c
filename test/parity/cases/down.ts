import { HANDSHAKE, type Case, type Expect, type Topic } from "../case.js";

const SHUT: Expect = {
  status: 503,
  headers: { "x-maintenance-mode": "1", "retry-after": /^[1-9]\d*$/, "cache-control": "no-store" },
  unseen: true,
};

const shut = (name: string, more: Partial<Case> = {}, expect: Partial<Expect> = {}): Case => ({
  name,
  site: "down",
  ...more,
  expect: { ...SHUT, ...expect, headers: { ...SHUT.headers, ...expect.headers } },
});

const live = (name: string, ask: string, more: Partial<Case> = {}): Case => ({
  name,
  site: "down",
  ask,
  ...more,
  expect: { status: 200, seen: { url: ask.slice(ask.indexOf(" ") + 1) } },
});

export const down: Topic = {
  title: "A site that is down",
  cases: [
    ...["GET", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"].map((method) =>
      shut(`${method} gets the maintenance answer`, {
        ask: `${method} /a`,
        ...(method === "POST" ? { body: "x" } : {}),
      }),
    ),
    shut("HEAD gets its head", { ask: "HEAD /a" }, { body: "" }),
    shut(
      "A browser gets HTML",
      { fields: ["Accept: text/html"] },
      { headers: { "content-type": /^text\/html/ } },
    ),
    shut(
      "A program gets problem+json",
      { fields: ["Accept: application/json"] },
      { headers: { "content-type": /^application\/problem\+json/ }, body: /"retryAfter"/ },
    ),
    shut(
      "Who takes text alone gets text",
      { fields: ["Accept: text/plain"] },
      { headers: { "content-type": /^text\/plain/ } },
    ),
    shut("A range gets all of it", { fields: ["Range: bytes=0-1"] }, { headers: { "content-range": null } }),
    shut("A condition gets all of it", {
      fields: ['If-None-Match: "x"', "If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT"],
    }),
    shut("A handshake gets it", { fields: HANDSHAKE }),
    shut("A static route gets it", { ask: "GET /static/a.txt" }),
    shut("A route with a fallback gets it", { ask: "GET /media/none" }),
    shut("A chunked upload gets it", {
      ask: "POST /a",
      fields: ["Transfer-Encoding: chunked"],
      body: "5\r\nhello\r\n0\r\n\r\n",
    }),
    shut("Who expects 100 gets it", { ask: "POST /a", fields: ["Expect: 100-continue"], body: "hello" }),
    shut("A neighbour of a path that passes gets it", { ask: "GET /opening" }),
    shut("A path out of one gets it", { ask: "GET /open/../closed" }),
    shut("An encoded path out of one gets it", { ask: "GET /open/%2e%2e/closed" }),
    shut("A regular expression passes nothing else", { ask: "GET /re12x" }),
    live("A path passes", "GET /open"),
    live("What is below it passes", "GET /open/a?b=c"),
    live("A regular expression passes", "GET /re12"),
    live("ACME challenges pass", "GET /.well-known/acme-challenge/x"),
    {
      name: "The health path is ok",
      site: "down",
      ask: "GET /health",
      expect: { status: 200, unseen: true },
    },
    shut("POST to the health path gets it", { ask: "POST /health", body: "" }),
    {
      name: "An address that is allowed passes",
      site: "allowed",
      expect: { status: 200, seen: { url: "/" } },
    },
    {
      name: "One behind a trusted proxy passes",
      site: "behind",
      fields: ["X-Forwarded-For: 192.0.2.9"],
      expect: { status: 200, seen: { url: "/" } },
    },
    shut("Another one behind it does not", { site: "behind", fields: ["X-Forwarded-For: 203.0.113.9"] }),
    shut("One that is told before another does not", {
      site: "behind",
      fields: ["X-Forwarded-For: 192.0.2.9, 203.0.113.9"],
    }),
    shut(
      "A part of a site is down, by its own status",
      { site: "parts", ask: "GET /shop/a" },
      { status: 502, headers: { "x-own": "y" } },
    ),
    {
      name: "The rest of it is up",
      site: "parts",
      ask: "GET /shops",
      expect: { status: 200, seen: { url: "/shops" } },
    },
    shut(
      "A page of another origin may read it",
      { site: "cors", fields: ["Origin: https://app.test"] },
      { headers: { "access-control-allow-origin": "https://app.test" } },
    ),
    shut(
      "One of an unknown origin may not",
      { site: "cors", fields: ["Origin: https://evil.test"] },
      { headers: { "access-control-allow-origin": null } },
    ),
    {
      name: "A preflight is answered",
      site: "cors",
      ask: "OPTIONS /a",
      fields: ["Origin: https://app.test", "Access-Control-Request-Method: PUT"],
      expect: {
        status: 204,
        headers: { "access-control-allow-origin": "https://app.test", "access-control-allow-methods": "PUT" },
        unseen: true,
      },
    },
  ],
};
