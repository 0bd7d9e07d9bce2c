import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { childrenOf } from "../../src/base/process-info.js";
import type { WebServerKind } from "../../src/spec/types.js";
import { startToldBackend, tell, type ToldBackend } from "../support/answer-as-told.js";
import { ask, type Answer } from "../support/http-answer.js";
import { needs, type Need } from "../support/needs.js";
import { createWorld, until, type World } from "../support/world.js";

const MIB = 1024 * 1024;
const GIBS = 2;
const BIG = randomBytes(3 * MIB + 17);

/** The proxy has a test of its own (proxy-sendfile.test.ts), and test/parity asks all kinds for less. */
const KINDS: readonly (readonly [WebServerKind, Need])[] = [
  ["lighttpd", "lighttpd"],
  ["nginx", "nginx"],
  ["nginx-lua", "nginx-lua"],
];

for (const [kind, need] of KINDS) {
  describe(`A file that a backend hands over to ${kind}`, needs("root", need), () => {
    const folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "fence-sendfile-")));
    const dir = join(folder, "files");
    let backend: ToldBackend;
    let world: World;

    before(async () => {
      fs.chmodSync(folder, 0o755);
      fs.mkdirSync(dir);
      fs.writeFileSync(join(dir, "small.txt"), "the small file\n");
      fs.writeFileSync(join(dir, "big.bin"), BIG);
      fs.writeFileSync(join(dir, "sparse"), "");
      fs.truncateSync(join(dir, "sparse"), GIBS * 1024 * MIB);
      execFileSync("mkfifo", ["-m", "666", join(dir, "fifo")]);
      backend = await startToldBackend();
      const sendfile =
        kind === "lighttpd" ? `roots = ["${dir}"]` : `accel = [{ prefix = "/p/", dir = "${dir}" }]`;
      world = await createWorld({
        kind,
        // One that hangs is missed.
        serverLines: kind === "lighttpd" ? "" : "workers = 1",
        siteLines: `[site.main.sendfile]\n${sendfile}`,
        backendPort: backend.port,
      });
      const applied = await world.fence("apply");
      assert.equal(applied.code, 0, applied.stderr);
      await world.start();
    });
    after(async () => {
      await world?.end();
      backend?.close();
      fs.rmSync(folder, { recursive: true });
    });

    const fieldOf = (name: string): Record<string, string> =>
      kind === "lighttpd" ? { "X-Sendfile": join(dir, name) } : { "X-Accel-Redirect": `/p/${name}` };
    const get = (name: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> =>
      ask({
        port: world.port,
        host: "main.test",
        method,
        headers: { ...tell({ fields: fieldOf(name), body: "its own" }), ...headers },
      });
    /** All of a file, as it comes. */
    const receive = (name: string, onData: (chunk: Buffer) => void): Promise<void> =>
      new Promise((resolve, reject) => {
        const headers = { Host: "main.test", ...tell({ fields: fieldOf(name) }) };
        http
          .get({ host: "127.0.0.1", port: world.port, agent: false, headers }, (response) => {
            response.on("data", onData).on("error", reject).on("end", resolve);
          })
          .on("error", reject);
      });

    test("comes whole, in part, or only when it has changed", async () => {
      const hash = createHash("sha256");
      await receive("big.bin", (chunk) => hash.update(chunk));
      assert.equal(hash.digest("hex"), createHash("sha256").update(BIG).digest("hex"));
      for (const [name, bytes] of [
        ["small.txt", 15],
        ["big.bin", BIG.length],
      ] as const) {
        const head = await get(name, {}, "HEAD");
        assert.deepEqual([head.status, head.headers["content-length"], head.body], [200, String(bytes), ""]);
        const { etag = "", "last-modified": modified = "" } = head.headers;
        assert.notEqual(etag, "", "it has a tag");
        const part = await get(name, { Range: "bytes=3-9" });
        assert.deepEqual([part.status, part.headers["content-range"]], [206, `bytes 3-9/${bytes}`]);
        assert.equal((await get(name, { Range: "bytes=3-9", "If-Range": etag })).status, 206);
        assert.equal((await get(name, { Range: "bytes=3-9", "If-Range": '"other"' })).status, 200);
        assert.equal((await get(name, { Range: `bytes=${bytes}-` })).status, 416);
        assert.equal((await get(name, { "If-None-Match": etag })).status, 304);
        assert.equal((await get(name, { "If-None-Match": `"other", W/${etag}` })).status, 304);
        assert.equal((await get(name, { "If-None-Match": '"other"' })).status, 200);
        assert.equal((await get(name, { "If-Modified-Since": modified })).status, 304);
        // The tag counts, whatever the date says.
        assert.equal(
          (await get(name, { "If-None-Match": '"other"', "If-Modified-Since": modified })).status,
          200,
        );
      }
    });

    test("that is a FIFO keeps nobody waiting, although nobody writes to it", async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => get("fifo")));
      for (const { status, body } of answers) {
        assert.ok(status === 403 || status === 404, String(status));
        assert.doesNotMatch(body, /its own/);
      }
      assert.equal((await get("small.txt")).status, 200);
    });

    test(`of ${GIBS} GiB takes no memory, neither does one that its client does not read`, async () => {
      await get("small.txt");
      const before = ownMemory(world.masterPid());
      let peak = 0;
      const look = (): void => void (peak = Math.max(peak, ownMemory(world.masterPid())));
      const idle = http.get({
        host: "127.0.0.1",
        port: world.port,
        agent: false,
        headers: { Host: "main.test", ...tell({ fields: fieldOf("sparse") }) },
      });
      idle.on("error", () => {});
      let isThere = false;
      idle.on("response", (response) => {
        response.on("error", () => {});
        isThere = true;
      });
      await until("its head", () => isThere);
      let received = 0;
      let nextLook = 0;
      await receive("sparse", (chunk) => {
        received += chunk.length;
        if (received < nextLook) return;
        nextLook += 64 * MIB;
        look();
      });
      look();
      idle.destroy();
      assert.equal(received, GIBS * 1024 * MIB);
      assert.ok(peak - before < 30 * MIB, `grew by ${Math.round((peak - before) / MIB)} MiB`);
    });
  });
}

/** Bytes of memory that a server and its workers have for themselves: what they map of files is not theirs. */
function ownMemory(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, one) => {
    const [, kib = ""] = /^RssAnon:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${one}/status`, "utf8")) ?? [];
    return sum + Number(kib) * 1024;
  }, 0);
}
