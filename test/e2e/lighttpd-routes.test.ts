import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { ask } from "../support/ask.js";
import { createStage, type Stage } from "../support/lighttpd-stage.js";
import { needs } from "../support/needs.js";

const HOST = { Host: "main.test" };
const BASE = "https://bucket.test/site";

suite("routes of a live site on lighttpd", needs("lighttpd"), () => {
  let stage: Stage;
  before(async () => {
    stage = await createStage({
      main: (folder) => ({
        routes: [
          {
            path: "/static/",
            dir: `${folder}/static`,
            fallback: { base: BASE, append: "path" },
            precompressed: false,
          },
          {
            path: "/img/",
            dir: `${folder}/img`,
            fallback: { base: BASE, append: "last-segment" },
            precompressed: false,
          },
          { path: "/static/plain/", dir: `${folder}/plain`, fallback: null, precompressed: false },
        ],
      }),
    });
    for (const name of ["static", "img", "plain", "static/dir"])
      mkdirSync(`${stage.folder}/${name}`, { recursive: true });
    writeFileSync(`${stage.folder}/static/here.css`, "css\n");
    writeFileSync(`${stage.folder}/static/a b.txt`, "blank\n");
    writeFileSync(`${stage.folder}/plain/x.js`, "js\n");
  });
  after(() => stage.end());

  const get = (path: string, method = "GET") => ask({ port: stage.port, path, method, headers: HOST });

  test("a file that is there is served with its media type and never asks the backend", async () => {
    stage.reached();
    const file = await get("/static/here.css");
    assert.equal(file.status, 200);
    assert.equal(file.body, "css\n");
    assert.equal(file.headers["content-type"], "text/css; charset=utf-8");
    assert.equal((await get("/static/a%20b.txt")).body, "blank\n");
    assert.equal((await get("/static/plain/x.js")).body, "js\n");
    assert.deepEqual(stage.reached(), []);
    assert.equal((await get("/staticx")).body, "live\n");
  });

  test("a missing file redirects GET and HEAD to the fallback, path still encoded", async () => {
    const rows: [string, string][] = [
      ["/static/no.png", `${BASE}/static/no.png`],
      ["/static/a/b%20c.png?v=1", `${BASE}/static/a/b%20c.png`],
      ["/static/%C3%A9.png", `${BASE}/static/%C3%A9.png`],
      ["/static/dir", `${BASE}/static/dir`],
      ["/img/a/b/no.png", `${BASE}/no.png`],
      ["/img/no%20way.png", `${BASE}/no%20way.png`],
    ];
    for (const [path, location] of rows) {
      for (const method of ["GET", "HEAD"]) {
        const answer = await get(path, method);
        assert.equal(answer.status, 302, `${method} ${path}`);
        assert.equal(answer.headers.location, location);
        assert.equal(answer.body, "");
      }
    }
  });

  test("other methods, routes without a fallback and line breaks in the path are not redirected", async () => {
    stage.reached();
    for (const answer of [
      await get("/static/no.png", "POST"),
      await get("/static/plain/no.js"),
      await get("/static/a%0d%0ab"),
    ]) {
      assert.ok(answer.status >= 400 && answer.status < 500, String(answer.status));
      assert.equal(answer.headers.location, undefined);
    }
    assert.deepEqual(stage.reached(), []);
  });

  test("while the site is down the routes are down too", async () => {
    await stage.switch("down");
    assert.equal((await get("/static/here.css")).status, 503);
    assert.equal((await get("/static/no.png")).status, 503);
  });
});
