import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { startFront } from "../support/front.js";
import { httpAt, httpsAt } from "../support/listen.js";
import { needs } from "../support/needs.js";
import type { ProxyWorld } from "../support/proxy.js";
import { freePort } from "../support/world.js";

const UPLOAD = randomBytes(3 * 1024 * 1024);
const REQUESTS = 3000;
const SLOW = 100;

/** Clients that others have written, as they are. */
describe("The proxy and programs that people use", needs("root", "openssl"), () => {
  let world: ProxyWorld;
  let plain: number;
  let tls: number;
  const folder = mkdtempSync(join(tmpdir(), "fence-clients-"));
  const backend = http.createServer((asked, response) => {
    const digest = createHash("sha256");
    asked.on("data", (chunk: Buffer) => digest.update(chunk));
    asked.on("end", () => response.end(digest.digest("hex")));
  });
  before(async () => {
    await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
    plain = await freePort();
    tls = await freePort();
    const listens = () => [httpAt(plain), httpsAt(tls, true)];
    world = await startFront(listens, (backend.address() as AddressInfo).port, {
      hosts: ["main.test", "localhost"],
    });
    await world.switchTo("main", { mode: "up" });
    await world.sync("main");
  });
  after(async () => {
    await world?.end();
    backend.closeAllConnections();
    backend.close();
    rmSync(folder, { recursive: true });
  });

  const run = async (program: string, ...args: string[]): Promise<string> =>
    (await promisify(execFile)(program, args, { maxBuffer: 2 ** 24 })).stdout;

  for (const [what, options] of [
    ["HTTP/1.1", []],
    ["HTTP/1.1, chunked", ["-H", "Transfer-Encoding: chunked"]],
    ["HTTP/1.0", ["--http1.0"]],
    ["HTTP/2", ["--http2"]],
  ] as const) {
    test(`curl sends 3 MiB by ${what}, and gets its digest`, needs("curl"), async () => {
      const file = join(folder, "upload");
      writeFileSync(file, UPLOAD);
      const digest = createHash("sha256").update(UPLOAD).digest("hex");
      const base = ["-sS", "-k", "--fail", "--max-time", "100", "-H", "Expect: 100-continue", ...options];
      const to = [`main.test:${tls}:127.0.0.1`, `main.test:${plain}:127.0.0.1`].flatMap((one) => [
        "--resolve",
        one,
      ]);
      const urls =
        what === "HTTP/2"
          ? [`https://main.test:${tls}/`]
          : [`https://main.test:${tls}/`, `http://main.test:${plain}/`];
      for (const url of urls)
        assert.equal(await run("curl", ...base, ...to, "--data-binary", `@${file}`, url), digest, url);
    });
  }

  test("wrk sees nothing but right answers", needs("wrk"), async () => {
    const told = await run(
      "wrk",
      "-c",
      "50",
      "-d",
      "1",
      "-H",
      "Host: main.test",
      `http://127.0.0.1:${plain}/`,
    );
    assert.match(told, /[1-9]\d* requests in/);
    assert.doesNotMatch(told, /Non-2xx|Socket errors/);
  });

  test(
    `h2load's ${REQUESTS} requests, many at once on few connections, all succeed`,
    needs("h2load"),
    async () => {
      const how = ["-n", String(REQUESTS), "-c", "10", "-m", "20"];
      const told = await run("h2load", ...how, `--connect-to=127.0.0.1:${tls}`, `https://main.test:${tls}/`);
      assert.match(told, new RegExp(`${REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout`));
      assert.match(told, new RegExp(`status codes: ${REQUESTS} 2xx`));
    },
  );

  for (const [what, option] of [
    ["heads", "-H"],
    ["bodies", "-B"],
  ] as const) {
    test(`slowhttptest with slow ${what} does not keep others out`, needs("slowhttptest"), async () => {
      const attack = [option, "-c", String(SLOW), "-r", String(SLOW), "-i", "1", "-l", "5", "-p", "5"];
      const told = await run("slowhttptest", ...attack, "-u", `http://localhost:${plain}/`);
      assert.match(told, /service available:\S*\s+\S*YES/);
      assert.equal(
        (await run("curl", "-sS", "-H", "Host: main.test", `http://127.0.0.1:${plain}/`)).length,
        64,
      );
    });
  }
});
