import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startPhpFpm, type CgiProgram } from "../support/cgi-programs.js";
import { HOLDING_KINDS, startHeldWorld } from "../support/held-world.js";
import { needs } from "../support/needs.js";
import { createWorld } from "../support/world.js";

const SIZES = [300, 20_000, 300_000];

function post(port: number, id: string, body: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { Host: "main.test", "X-Asked": id, "Content-Length": body.length };
    const path = "/app.php?ledger";
    const request = http.request(
      { host: "127.0.0.1", port, path, method: "POST", agent: false, headers },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve(`${response.statusCode} ${text}`));
      },
    );
    request.on("error", reject).end(body);
  });
}

describe("A site of php-fpm that is held", needs("php-fpm"), () => {
  let fpm: CgiProgram;
  let upstream: { backends: string[]; upstreamLines: string };
  before(async () => {
    fpm = await startPhpFpm();
    const root = join(fpm.folder, "root");
    upstream = {
      backends: [`"unix:${fpm.socket("php.sock")}"`],
      upstreamLines: `protocol = "fastcgi"\n[upstream.app.cgi]\nroot = "${root}"\n`,
    };
    writeFileSync(join(root, "ledger"), "");
    chmodSync(join(root, "ledger"), 0o666);
  });
  after(() => fpm.end());

  for (const held of HOLDING_KINDS.filter(({ kind }) => kind !== "lighttpd")) {
    test(`on ${held.name} each POST is executed once, with its body`, needs(...held.need), async () => {
      const world = await startHeldWorld(held, upstream);
      const ledger = (): string[] =>
        readFileSync(join(fpm.folder, "root/ledger"), "utf8")
          .split("\n")
          .filter((id) => id.startsWith(held.kind));
      try {
        await world.hold();
        const bodies = Array.from({ length: 12 }, (_, n) => randomBytes(SIZES[n % SIZES.length] ?? 0));
        const ids = bodies.map((_, n) => `${held.kind}-${n}`);
        const answers = bodies.map((body, n) => post(world.port, ids[n] ?? "", body));
        await world.waiting(bodies.length);
        assert.deepEqual(ledger(), []);
        await world.done("release");
        assert.deepEqual(
          await Promise.all(answers),
          bodies.map((body) => `200 ${createHash("md5").update(body).digest("hex")}`),
        );
        assert.deepEqual(
          ledger()
            .filter((id) => id !== "")
            .sort(),
          [...ids].sort(),
        );
      } finally {
        await world.end();
      }
    });
  }

  test("lighttpd refuses it before anything is changed", needs("lighttpd"), async () => {
    const world = await createWorld({ kind: "lighttpd", ...upstream });
    const checked = await world.fence("check");
    await world.fence("apply");
    const { code, stderr } = await world.fence("hold", "--no-wait");
    await world.end();
    assert.match(checked.stdout, /fence hold is refused here: the gate passes on to HTTP backends alone/);
    assert.equal(code, 1);
    assert.match(stderr, /mode-unsupported/);
  });
});
