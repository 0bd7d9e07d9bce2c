import { HANDSHAKE, type Case, type Text, type Topic } from "../case.js";

/** A request of the site `routes`, whose upstream says that it is `by` the request header that it is told. */
const goes = (name: string, ask: string, url: string, more: Partial<Case> = {}): Case => ({
  name,
  site: "routes",
  ask,
  ...more,
  expect: { status: 200, headers: { "x-by": "api" }, seen: { url } },
});

const stays = (name: string, ask: string, url: Text, more: Partial<Case> = {}): Case => ({
  name,
  site: "routes",
  ask,
  ...more,
  expect: { status: 200, headers: { "x-by": null }, seen: { url } },
});

export const routes: Topic = {
  title: "Routes with an upstream of their own",
  cases: [
    goes("A path below a prefix goes to its upstream", "GET /api/x", "/api/x"),
    goes("The prefix itself does", "GET /api", "/api"),
    goes("With its slash, too", "GET /api/", "/api/"),
    stays("A neighbour of a prefix does not", "GET /apis/x", "/apis/x"),
    goes("An encoded path is compared decoded", "GET /%61pi/x", "/%61pi/x", {
      limits: { lighttpd: ["normalised", { seen: { url: "/api/x" } }] },
    }),
    goes("A query is no part of a path", "GET /api?x=/y", "/api?x=/y"),
    goes("A body goes along", "POST /api/x", "/api/x", { body: "abc" }),
    {
      name: "A handshake goes there, too",
      site: "routes",
      ask: "GET /api/socket",
      fields: HANDSHAKE,
      expect: {
        status: 101,
        headers: { "x-by": "api", "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" },
      },
    },
    stays("The longer prefix wins, wherever it stands", "GET /api/own/x", "/api/own/x"),
    goes("An exact path wins over a longer prefix", "GET /api/own/exact", "/api/own/exact"),
    stays("An exact path is nothing more", "GET /api/own/exact/", "/api/own/exact/"),
    goes("A regular expression takes what fits", "GET /v12/x", "/v12/x"),
    stays("And not what does not", "GET /va/x", "/va/x"),
    stays("A prefix wins over a regular expression", "GET /v1/own/x", "/v1/own/x"),
    {
      name: "Files are longer prefixes among them",
      site: "routes",
      ask: "GET /api/static/a.txt",
      expect: { status: 200, body: "static a\n", unseen: true },
    },
    goes("A route of one host takes its requests", "GET /tenant/x", "/tenant/x", {
      host: "other.routes.test",
    }),
    stays("And none of another host", "GET /tenant/x", "/tenant/x"),
    goes("A prefix is taken off", "GET /strip/x/y?q=1", "/x/y?q=1"),
    goes("Nothing left is the root", "GET /strip", "/"),
    goes("Nothing left but a query", "GET /strip?q=1", "/?q=1"),
    goes("Slashes behind the prefix are one", "GET /strip//x", "/x"),
    goes("An encoded space stays one", "GET /strip/a%20b", "/a%20b"),
    goes("An encoded slash stays encoded behind a prefix that is taken off", "GET /strip/a%2Fb", "/a%2Fb"),
    goes("A prefix that is written otherwise is taken off", "GET /%73trip/x", "/x"),
    goes("Dot segments do not lead out of a prefix", "GET /strip/../strip/x", "/x"),
    goes("What is encoded in a query stays so", "GET /strip/x?a=%2F%61", "/x?a=%2F%61"),
    goes("What follows a prefix stays as it is written", "GET /strip/%7ea%c3%a4", "/%7ea%c3%a4"),
    goes("Also in no known encoding", "GET /strip/%e4", "/%e4"),
    goes("Also behind a prefix that is written otherwise", "GET /%73trip/%e4%20x", "/%E4%20x"),
    goes("Also among dot segments", "GET /strip/./a/../%e4?%e4", "/%E4?%e4"),
    stays("A prefix in no known encoding is another", "GET /strip%e4/x", /^\/strip%[eE]4\/x$/),
    goes("Another prefix is put before", "GET /add/x?q", "/v2/add/x?q"),
    goes("One is taken off and another put before", "GET /both/x", "/v2/x"),
  ],
};
