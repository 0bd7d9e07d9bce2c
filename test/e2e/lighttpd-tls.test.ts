import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { ask, curl } from "../support/ask.js";
import { createStage, type Stage } from "../support/lighttpd-stage.js";
import { needs } from "../support/needs.js";

suite("other statuses and TLS on lighttpd", needs("lighttpd", "lighttpd-tls", "openssl", "curl"), () => {
  let stage: Stage;
  before(async () => {
    stage = await createStage({ tls: true, main: { maintenance: { status: 429 } } });
    await stage.switch("down");
  });
  after(() => stage.end());

  const overTls = (...args: string[]) =>
    curl(
      "-k",
      "--http2",
      "--resolve",
      `main.test:${stage.tlsPort}:127.0.0.1`,
      "-i",
      ...args,
      `https://main.test:${stage.tlsPort}/`,
    );

  test("the configured status is sent with body and headers", async () => {
    const answer = await ask({ port: stage.port, headers: { Host: "main.test" } });
    assert.equal(answer.status, 429);
    assert.equal(answer.headers["x-maintenance-mode"], "1");
    assert.match(answer.body, /<\/html>/);
  });

  test("HTTP/2 gets the same answer, also for an upload of 4 MB", async () => {
    const get = await overTls();
    assert.equal(get.exitCode, 0, get.stderr);
    assert.match(get.stdout, /^HTTP\/2 429/);
    assert.match(get.stdout, /x-maintenance-mode: 1/i);
    const file = `${stage.folder}/upload`;
    writeFileSync(file, Buffer.alloc(4 * 1024 * 1024, "x"));
    for (let round = 0; round < 5; round += 1) {
      const post = await overTls("--data-binary", `@${file}`, "-H", "Expect:");
      assert.equal(post.exitCode, 0, post.stderr);
      assert.match(post.stdout, /^HTTP\/2 429/);
    }
  });
});
