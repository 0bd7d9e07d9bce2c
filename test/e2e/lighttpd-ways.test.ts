import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { normalisedPath } from "../../src/spec/normalised-path.js";
import { parseSpec } from "../../src/spec/parse.js";
import { createRouter } from "../../src/spec/route-of.js";
import { changesTarget, targetOf } from "../../src/spec/route-target.js";
import type { Site } from "../../src/spec/types.js";
import { ask } from "../support/ask.js";
import { needs } from "../support/needs.js";
import { createWorld, freePort, type World } from "../support/world.js";

const ROUTES = `route = [
  { path = { regex = "^/v[0-9]+/" }, upstream = "other" },
  { path = { regex = "^/api/" }, upstream = "third" },
  { path = { regex = "\\\\.json$" }, upstream = "third" },
  { path = "/api/", upstream = "other", strip_prefix = true },
  { path = { exact = "/api" }, upstream = "third" },
  { path = { exact = "/api/v2/one" }, upstream = "third" },
  { path = "/api/v2/", upstream = "third", strip_prefix = true, add_prefix = "/deep/er" },
  { path = "/a b/ä", upstream = "third", strip_prefix = true, add_prefix = "/x y" },
  { path = "/add", upstream = "other", add_prefix = "/before" },
]
`;
const HEADS = [
  "",
  "/",
  "/api",
  "/%61pi",
  "/api/v2",
  "/api%2Fv2",
  "/v1",
  "/v1x",
  "/a%20b/%c3%a4",
  "/a%20b/%C3%A4",
  "/add",
  "/apis",
  "//api",
];
const TAILS = [
  "",
  "/",
  "/one",
  "/one/",
  "//two",
  "/./x",
  "/../x",
  "/a%2Fb",
  "/%2e%2e/y",
  "/a%20b?c=/d/../%2F",
  "/x.json",
  "?q",
  "/~%7e;,=:@&$!'()*+[]",
  "/%3F%23%25",
];

/** Backends that say who they are and what they were asked for. */
async function startBackend(name: string, port = 0): Promise<{ server: http.Server; port: number }> {
  const server = http.createServer(({ url = "" }, response) => response.end(`${name} ${url}`));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

describe("Routes to upstreams on lighttpd", needs("lighttpd", "root"), () => {
  let world: World;
  let site: Site;
  const servers: http.Server[] = [];
  before(async () => {
    const [own, other, third] = await Promise.all([
      startBackend("app", await freePort()),
      startBackend("other"),
      startBackend("third"),
    ]);
    servers.push(own.server, other.server, third.server);
    const upstream = (name: string, port: number): string =>
      `[upstream.${name}]\nbackends = ["127.0.0.1:${port}"]\n`;
    world = await createWorld({
      kind: "lighttpd",
      backendPort: own.port,
      siteLines: `${ROUTES}${upstream("other", other.port)}${upstream("third", third.port)}`,
    });
    const applied = await world.fence("apply");
    assert.equal(applied.code, 0, applied.stderr);
    await world.start();
    site = parseSpec(readFileSync(world.specFile, "utf8"), world.specFile, () => "").sites[0] as Site;
  });
  after(async () => {
    await world.end();
    for (const server of servers) server.close();
  });

  test("each request goes to the upstream that the router names, and a changed path is the same to the byte", async () => {
    const router = createRouter(site);
    const wrong: string[] = [];
    let count = 0;
    for (const target of HEADS.flatMap((head) => TAILS.map((tail) => `${head}${tail}`))) {
      const path = target.startsWith("/") ? decoded(target) : null;
      if (path === null) continue;
      count += 1;
      const { body } = await ask({ port: world.port, path: target, headers: { Host: "main.test" } });
      const [by, url = ""] = body.split(" ");
      const route = router.find("main.test", path);
      const upstream = route === null || "dir" in route ? "app" : route.upstream;
      const asked =
        route !== null && !("dir" in route) && changesTarget(route) ? targetOf(route, target, path) : url;
      if (by !== upstream || url !== asked) wrong.push(`${target}: ${body}, not ${upstream} ${asked}`);
    }
    assert.deepEqual(wrong, []);
    assert.ok(count > 150, String(count));
  });

  test("a path in no known encoding is below a prefix like any other, and fits no regular expression", async () => {
    const get = async (path: string): Promise<string> =>
      (await ask({ port: world.port, path, headers: { Host: "main.test" } })).body;
    assert.equal(await get("/api/%e4"), "other /%e4");
    assert.equal(await get("/%61pi/%e4"), "other /%E4");
    assert.equal(await get("/v1/%e4"), "app /v1/%E4");
  });
});

/**
 * As lighttpd's routes see it: without dot segments before it is decoded and after that. null: it is above the root, which
 * lighttpd takes for the root and the proxy refuses.
 */
function decoded(target: string): string | null {
  const [path = ""] = target.split("?");
  const sent = normalisedPath(path.replace(/%2e/gi, "."));
  if (sent === null) return null;
  const bytes = sent.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
  return normalisedPath(Buffer.from(bytes, "latin1").toString("utf8"));
}
