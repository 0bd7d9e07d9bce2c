import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startFront } from "../support/front.js";
import { request, session } from "../support/http2-client.js";
import { ask, type Answer } from "../support/http-answer.js";
import { httpAt, httpsAt } from "../support/listen.js";
import { needs } from "../support/needs.js";
import type { ProxyWorld } from "../support/proxy.js";
import { freePort, until } from "../support/world.js";

const LARGE = randomBytes(150_000).toString("hex");

/** The forms are told apart by what is in them: nothing here looks into them. */
function makeFiles(folder: string): void {
  mkdirSync(join(folder, "static/dir"), { recursive: true });
  mkdirSync(join(folder, "plain"));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  for (const name of ["static/a.css", "static/dir/index.html", "plain/a.css"]) {
    write(name, "as it is");
    write(`${name}.br`, "made by brotli");
    write(`${name}.gz`, "made by gzip");
  }
  write("static/gz.css", "as it is");
  write("static/gz.css.gz", "made by gzip");
  write("static/none.css", "as it is");
  write("static/large.css", LARGE);
  write("static/large.css.br", `${LARGE}br`);
  write("static/stale.css", "as it is");
  write("static/stale.css.br", "of what it was");
  utimesSync(join(folder, "static/stale.css.br"), 1_600_000_000, 1_600_000_000);
  write("static/dirs.css", "as it is");
  mkdirSync(join(folder, "static/dirs.css.br"));
  write("static/out.css", "as it is");
  write("secret", "SECRET");
  symlinkSync("../secret", join(folder, "static/out.css.br"));
  write("static/only.css.br", "made by brotli");
}

describe("Compressed forms beside static files", needs("root", "openssl"), () => {
  const folder = mkdtempSync(join(tmpdir(), "fence-precompressed-"));
  let world: ProxyWorld;
  let port: number;
  let tlsPort: number;
  before(async () => {
    makeFiles(folder);
    port = await freePort();
    tlsPort = await freePort();
    const routes = [
      { path: "/s/", dir: join(folder, "static"), fallback: null, precompressed: true },
      { path: "/p/", dir: join(folder, "plain"), fallback: null, precompressed: false },
    ];
    world = await startFront(() => [httpAt(port), httpsAt(tlsPort, true)], 1, { routes, upstream: null });
  });
  after(async () => {
    await world?.end();
    rmSync(folder, { recursive: true });
  });

  const get = (path: string, accept: string | null, headers = {}, method = "GET"): Promise<Answer> => {
    const all = accept === null ? headers : { "Accept-Encoding": accept, ...headers };
    return ask({ port, host: "main.test", path, method, headers: all });
  };
  const check = async (path: string, accept: string | null, coding: string | undefined, body: string) => {
    // Once from the disk, once from memory.
    for (const turn of [1, 2]) {
      const answer = await get(path, accept);
      const what = `${path} ${accept}, ${turn}`;
      assert.deepEqual([answer.status, answer.headers["content-encoding"]], [200, coding], what);
      assert.equal(answer.body, body, what);
      assert.equal(answer.headers["content-length"], String(body.length), what);
    }
  };

  test("are sent to clients that take them, by what they like best", async () => {
    await check("/s/a.css", "gzip, br", "br", "made by brotli");
    await check("/s/a.css", "br;q=0.2, gzip;q=0.3", "gzip", "made by gzip");
    await check("/s/a.css", "gzip", "gzip", "made by gzip");
    await check("/s/a.css", "identity, br;q=0.5", undefined, "as it is");
    await check("/s/a.css", "br;q=0", undefined, "as it is");
    await check("/s/a.css", null, undefined, "as it is");
    await check("/s/gz.css", "br, gzip;q=0.1", "gzip", "made by gzip");
    await check("/s/none.css", "br, gzip", undefined, "as it is");
    await check("/s/dir/", "br", "br", "made by brotli");
    await check("/s/large.css", "br", "br", `${LARGE}br`);
    await check("/s/large.css", "gzip", undefined, LARGE);
  });

  test("have the type of the file, a tag of their own, and every answer says that it varies", async () => {
    const tags = new Set<string>();
    for (const accept of ["br", "gzip", "deflate"]) {
      const { headers } = await get("/s/a.css", accept);
      assert.match(headers["content-type"] ?? "", /^text\/css/);
      assert.equal(headers.vary, "Accept-Encoding");
      tags.add(headers.etag ?? "");
      const again = await get("/s/a.css", accept, { "If-None-Match": headers.etag });
      assert.deepEqual([again.status, again.headers.vary, again.body], [304, "Accept-Encoding", ""]);
      const other = await get("/s/a.css", accept === "br" ? "gzip" : "br", { "If-None-Match": headers.etag });
      assert.equal(other.status, 200);
    }
    assert.equal(tags.size, 3);
    assert.equal((await get("/s/none.css", "br")).headers.vary, "Accept-Encoding");
  });

  test("can be had in part, and by HEAD", async () => {
    const whole = await get("/s/a.css", "br");
    const part = await get("/s/a.css", "br", { Range: "bytes=8-13", "If-Range": whole.headers.etag });
    assert.deepEqual([part.status, part.body], [206, "brotli"]);
    assert.equal(part.headers["content-range"], "bytes 8-13/14");
    assert.equal(part.headers["content-encoding"], "br");
    const mixed = await get("/s/a.css", "gzip", { Range: "bytes=8-13", "If-Range": whole.headers.etag });
    assert.deepEqual([mixed.status, mixed.body], [200, "made by gzip"]);
    const large = await get("/s/large.css", "br", { Range: "bytes=-2" });
    assert.deepEqual([large.status, large.body], [206, "br"]);
    const head = await get("/s/a.css", "gzip", {}, "HEAD");
    assert.deepEqual([head.headers["content-encoding"], head.headers["content-length"]], ["gzip", "12"]);
    assert.equal(head.body, "");
  });

  test("are not sent when they are older than the file, no file, outside of the folder, or all there is", async () => {
    for (const name of ["stale", "dirs", "out"]) await check(`/s/${name}.css`, "br", undefined, "as it is");
    assert.equal((await get("/s/only.css", "br")).status, 404);
    assert.equal((await get("/s/only.css.br", null)).body, "made by brotli");
  });

  test("that are made or taken away later are seen within a second or two", async () => {
    const file = join(folder, "static/later.css");
    writeFileSync(file, "as it is");
    await check("/s/later.css", "br", undefined, "as it is");
    writeFileSync(`${file}.br`, "made later");
    await until("the new form", async () => (await get("/s/later.css", "br")).body === "made later");
    rmSync(`${file}.br`);
    await until("the file again", async () => (await get("/s/later.css", "br")).body === "as it is");
  });

  test("are not looked for where the route does not say so", async () => {
    await check("/p/a.css", "br, gzip", undefined, "as it is");
    assert.equal((await get("/p/a.css", "br")).headers.vary, undefined);
  });

  test("come to a client of HTTP/2 as well", async () => {
    const on = await session(tlsPort);
    try {
      const answer = await request(on, { ":path": "/s/a.css", "accept-encoding": "br" });
      assert.deepEqual(
        [answer.headers["content-encoding"], answer.body.toString()],
        ["br", "made by brotli"],
      );
    } finally {
      on.destroy();
    }
  });
});
