import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { PROBE_PATH } from "../../src/servers/probe-path.js";
import { startPhpFpm, startUwsgi, type CgiProgram } from "../support/cgi-programs.js";
import { HOLDING_KINDS, startHeldWorld } from "../support/held-world.js";
import { ask } from "../support/ask.js";
import { needs } from "../support/needs.js";
import { createWorld } from "../support/world.js";

const SIZES = [300, 20_000, 300_000];

function md5(body: Buffer | string): string {
  return createHash("md5").update(body).digest("hex");
}

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
    writeFileSync(join(root, "env.php"), "<?php echo json_encode($_SERVER);");
    writeFileSync(join(root, "ledger"), "");
    chmodSync(join(root, "ledger"), 0o666);
  });
  after(() => fpm.end());

  for (const held of HOLDING_KINDS) {
    test(`on ${held.name} each POST is executed once, with its body`, needs(...held.need), async () => {
      const world = await startHeldWorld(held, upstream);
      const ledger = (): string[] =>
        readFileSync(join(fpm.folder, "root/ledger"), "utf8")
          .split("\n")
          .filter((id) => id.startsWith(`${held.name}-`));
      try {
        await world.hold();
        const bodies = Array.from({ length: 12 }, (_, n) => randomBytes(SIZES[n % SIZES.length] ?? 0));
        const ids = bodies.map((_, n) => `${held.name}-${n}`);
        const answers = bodies.map((body, n) => post(world.port, ids[n] ?? "", body));
        await world.waiting(bodies.length);
        assert.deepEqual(ledger(), []);
        await world.done("release");
        assert.deepEqual(
          await Promise.all(answers),
          bodies.map((body) => `200 ${md5(body)}`),
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

  for (const held of HOLDING_KINDS) {
    test(
      `on ${held.name} a script that was held is told what it is told else`,
      needs(...held.need),
      async () => {
        const world = await startHeldWorld(held, upstream);
        const told = async (): Promise<Record<string, string>> => {
          const { body } = await world.get("/env.php?a=b", { Host: `main.test:${world.port}` });
          const variables = Object.entries(JSON.parse(body) as Record<string, string>);
          // Another connection, and later.
          return Object.fromEntries(
            variables.filter(([name]) => !/^(?:REMOTE_PORT|REQUEST_TIME.*)$/.test(name)),
          );
        };
        try {
          const before = await told();
          assert.equal(before["SERVER_NAME"], "main.test");
          await world.hold();
          const held = told();
          await world.waiting(1);
          await world.done("release");
          assert.deepEqual(await held, before);
        } finally {
          await world.end();
        }
      },
    );
  }

  for (const held of HOLDING_KINDS.filter(({ kind }) => kind === "lighttpd")) {
    test(
      `on ${held.name} who leaves is not executed, and who is turned away gets the page`,
      needs(...held.need),
      async () => {
        const world = await startHeldWorld(held, upstream);
        try {
          await world.hold("--max-held", "1");
          const { port } = world;
          // lighttpd sees who leaves on a connection that has had another request: docs/hold.md.
          const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
          const place = { host: "127.0.0.1", port, agent };
          const [first] = (await once(
            http.get({ ...place, path: PROBE_PATH, headers: { Host: "main.test" } }),
            "response",
          )) as [http.IncomingMessage];
          await once(first.resume(), "end");
          const leaver = http.request({
            ...place,
            path: "/app.php?ledger",
            method: "POST",
            headers: { Host: "main.test", "X-Asked": `${held.name} left`, "Content-Length": 4 },
          });
          const left = new Promise((resolve) => leaver.once("close", resolve));
          leaver.on("error", () => undefined).end("body");
          await world.waiting(1);
          assert.ok(leaver.reusedSocket);
          const turnedAway = await world.get("/app.php?sum");
          assert.equal(turnedAway.status, 503);
          assert.equal(turnedAway.headers["x-maintenance-mode"], "1");
          assert.match(turnedAway.body, /^<!doctype html>/i);
          leaver.destroy();
          await left;
          await world.waiting(0);
          await world.done("release");
          assert.equal(await post(world.port, `${held.name} stayed`, Buffer.from("b")), `200 ${md5("b")}`);
          const ledger = readFileSync(join(fpm.folder, "root/ledger"), "utf8");
          assert.ok(ledger.includes(`${held.name} stayed`));
          assert.ok(!ledger.includes(`${held.name} left`));
        } finally {
          await world.end();
        }
      },
    );
  }

  test(
    "in a config of its own lighttpd refuses it before anything is changed",
    needs("lighttpd"),
    async () => {
      const world = await createWorld({ kind: "lighttpd", serverLines: 'config = "include"', ...upstream });
      const checked = await world.fence("check");
      await world.fence("apply");
      const { code, stderr } = await world.fence("hold", "--no-wait");
      await world.end();
      assert.match(
        checked.stdout,
        /fence hold is refused here: in a config of your own the gate takes HTTP alone/,
      );
      assert.equal(code, 1);
      assert.match(stderr, /mode-unsupported/);
    },
  );
});

/** lighttpd speaks both to the gate, which reads neither. */
describe("A site of uWSGI that is held on lighttpd", needs("uwsgi", "lighttpd", "root"), () => {
  let uwsgi: CgiProgram;
  before(async () => {
    uwsgi = await startUwsgi();
  });
  after(() => uwsgi.end());

  for (const protocol of ["uwsgi", "scgi"]) {
    test(`by ${protocol} gets each body`, async () => {
      const world = await startHeldWorld(
        { kind: "lighttpd", workers: 2 },
        {
          backends: [`"unix:${uwsgi.socket(`${protocol}.sock`)}"`],
          upstreamLines: `protocol = "${protocol}"\n`,
        },
      );
      try {
        await world.hold();
        const bodies = SIZES.map((size) => randomBytes(size));
        const answers = bodies.map((body) =>
          ask({
            port: world.port,
            method: "POST",
            path: "/some/path?sum",
            headers: { Host: "main.test", "Content-Length": `${body.length}` },
            body,
          }),
        );
        await world.waiting(bodies.length);
        await world.done("release");
        assert.deepEqual(
          (await Promise.all(answers)).map(({ body }) => body),
          bodies.map((body) => `${md5(body)} ${body.length}`),
        );
      } finally {
        await world.end();
      }
    });
  }
});
