import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createRouter, routingsOf, upstreamNamesOf } from "../../src/spec/route-of.js";
import { parseSpec } from "../../src/spec/parse.js";
import type { Site } from "../../src/spec/types.js";

function siteOf(lines: string): Site {
  const upstreams = ["app", "api", "other", "third"].map(
    (name) => `[upstream.${name}]\nbackends = ["127.0.0.1:1"]\n`,
  );
  const text = `[server.web]\nkind = "proxy"\nlisten = ["127.0.0.1:80"]\n${upstreams.join("")}[site.main]\n${lines}`;
  const [site] = parseSpec(text, "/etc/fence/fence.toml", () => "").sites;
  assert.ok(site);
  return site;
}

/** The upstream or folder that takes a path; "own": the site's upstream. */
function taker(site: Site, path: string, host = "a.test"): string {
  const route = createRouter(site).find(host, path);
  if (route === null) return "own";
  return "dir" in route ? route.dir : route.upstream;
}

describe("Which route takes a request", () => {
  const site = siteOf(`hosts = ["a.test"]
upstream = "app"
route = [
  { path = { regex = "^/v[0-9]+/" }, upstream = "other" },
  { path = { regex = "^/v" }, upstream = "third" },
  { path = "/api/", upstream = "api" },
  { path = "/api/files/", dir = "/srv/files" },
  { path = { exact = "/api/files/up" }, upstream = "other" },
  { path = { prefix = "/v9" }, upstream = "api" },
]`);

  test("An exact path goes before every prefix", () => {
    assert.equal(taker(site, "/api/files/up"), "other");
    assert.equal(taker(site, "/api/files/up/"), "/srv/files");
  });

  test("The longest prefix takes it, files or not, wherever it is in the file", () => {
    assert.equal(taker(site, "/api/files/x"), "/srv/files");
    assert.equal(taker(site, "/api/x"), "api");
  });

  test("A prefix ends on a segment border, and takes itself", () => {
    assert.equal(taker(site, "/api"), "api");
    assert.equal(taker(site, "/apix"), "own");
    assert.equal(taker(site, "/api/files"), "api", "the prefix of files does not take itself");
  });

  test("A regular expression comes after every prefix, the first of the file first", () => {
    assert.equal(taker(site, "/v1/x"), "other");
    assert.equal(taker(site, "/v1"), "third");
    assert.equal(taker(site, "/v9/x"), "api");
  });

  test("What no route takes is the site's own upstream's", () => {
    assert.equal(taker(site, "/"), "own");
  });

  test("All upstreams are named once, the site's own first", () => {
    assert.deepEqual(upstreamNamesOf(site), ["app", "other", "third", "api"]);
  });
});

describe("A route of some hosts", () => {
  const site = siteOf(`hosts = ["a.test", "api.a.test", "*.a.test"]
upstream = "app"
route = [
  { path = "/", upstream = "api", hosts = ["API.a.test"] },
  { path = "/", upstream = "other", hosts = ["*.a.test"] },
  { path = "/x", upstream = "third" },
]`);

  test("It takes requests for these alone", () => {
    assert.equal(taker(site, "/", "api.a.test"), "api");
    assert.equal(taker(site, "/", "a.test"), "own");
  });

  test("A pattern does not take what the site names exactly", () => {
    assert.equal(taker(site, "/", "b.a.test"), "other");
    assert.equal(taker(site, "/", "c.b.a.test"), "other");
  });

  test("One of all hosts takes its longer prefix on each", () => {
    for (const host of ["a.test", "api.a.test", "b.a.test"]) assert.equal(taker(site, "/x", host), "third");
  });

  test("Names that are routed alike are together, each with its routes in order", () => {
    const told = routingsOf(site).map(({ hosts, routes }) => [
      hosts.join(),
      ...routes.map((route) => ("dir" in route ? route.dir : route.upstream)),
    ]);
    assert.deepEqual(told, [
      ["a.test", "third"],
      ["api.a.test", "third", "api"],
      ["*.a.test", "third", "other"],
    ]);
  });
});
