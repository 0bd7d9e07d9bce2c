import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { OUTPUTS } from "../../src/cli/output-schema.js";
import { needs } from "../support/needs.js";
import { createWorld, freePort, type World } from "../support/world.js";

const SECRET = "not to be guessed";

interface Told {
  headers: IncomingHttpHeaders;
  body: string;
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

describe("Who is told of a change", needs("root"), () => {
  const told: Told[] = [];
  const sockets = new Set<Socket>();
  let servers: Server[];
  let world: World;
  let file: string;

  before(async () => {
    const webhook = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      request.on("end", () => {
        told.push({ headers: request.headers, body });
        response.writeHead(request.url === "/refuses" ? 302 : 204, { Location: "/" }).end();
      });
    });
    const silent = createTcpServer((socket) => void sockets.add(socket.on("error", () => {}).resume()));
    servers = [webhook, silent];
    const port = await listening(webhook);
    const hanging = await listening(silent);
    world = await createWorld({ kind: "proxy" });
    file = join(world.folder, "told.json");
    writeFileSync(join(world.folder, "secret"), `${SECRET}\n`);
    const tell = 'require("fs").writeFileSync(process.argv[1], JSON.stringify(process.env))';
    const lines = [
      `[notify.good]\nurl = "http://127.0.0.1:${port}/"\nsecret_file = "secret"`,
      `[notify.refuses]\nurl = "http://127.0.0.1:${port}/refuses"`,
      `[notify.hangs]\nurl = "http://127.0.0.1:${hanging}/"\ntimeout = "300ms"`,
      `[notify.dead]\nurl = "http://127.0.0.1:${await freePort()}/"`,
      `[notify.unsigned]\nurl = "http://127.0.0.1:${port}/"\nsecret_file = "none"`,
      `[notify.program]\ntimeout = "30s"\ncommand = ${JSON.stringify([process.execPath, "-e", tell, file])}`,
      '[notify.fails]\ncommand = ["sh", "-c", "echo out of luck >&2; exit 3"]',
      '[notify.sleeps]\ncommand = ["sleep", "60"]\ntimeout = "300ms"',
      '[notify.missing]\ncommand = ["no-such-program"]',
    ];
    appendFileSync(world.specFile, `\n${lines.join("\n\n")}\n`);
    const applied = await world.fence("apply");
    assert.equal(applied.code, 0, applied.stderr);
    await world.start();
  });
  after(async () => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
    await world.end();
  });

  test("all are told at once, whoever fails is named, and the change stands", async () => {
    const { code, stdout, stderr } = await world.fence("down", "--reason", "tests");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /main is down/);
    assert.equal((await world.get()).status, 503);
    const warnings = stderr.split("\n").filter((line) => line.includes("[notify."));
    const named = (name: string): string => {
      const found = warnings.find((line) => line.startsWith(`fence: [notify.${name}] was not told: `));
      assert.ok(found, `${name}: ${stderr}`);
      return found;
    };
    assert.match(named("refuses"), /it answered 302\. The change stands$/);
    assert.match(named("hangs"), /no answer within 300 ms/);
    assert.match(named("dead"), /ECONNREFUSED/);
    assert.match(named("unsigned"), /ENOENT/);
    assert.match(named("fails"), /sh ended with 3: out of luck/);
    assert.match(named("sleeps"), /sleep has not ended within 300 ms, and was killed/);
    assert.match(named("missing"), /no-such-program could not be started \(ENOENT\)/);
    assert.equal(warnings.length, 7, stderr);
  });

  test("a webhook gets a signed object, and a program the same in its environment", () => {
    const signed = told.find(({ headers }) => headers["x-fence-signature"] !== undefined);
    assert.ok(signed);
    const hmac = createHmac("sha256", SECRET).update(signed.body).digest("hex");
    assert.equal(signed.headers["x-fence-signature"], `sha256=${hmac}`);
    assert.equal(signed.headers["content-type"], "application/json");
    const { data, error } = OUTPUTS.notification.safeParse(JSON.parse(signed.body));
    assert.equal(error, undefined, error?.message);
    assert.equal(data?.reason, "tests");
    assert.deepEqual(
      data?.sites.map(({ name, from, to, result }) => ({ name, from, to, result })),
      [{ name: "main", from: "up", to: "down", result: "done" }],
    );
    const env = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
    assert.equal(env["FENCE_NOTIFICATION"], signed.body);
    assert.equal(env["HOME"], undefined);
  });

  test("nobody is told of what changes nothing, or would", async () => {
    const before = told.length;
    assert.equal((await world.fence("down")).code, 0);
    assert.equal((await world.fence("up", "--dry-run")).code, 0);
    assert.equal(told.length, before);
  });

  test("fence run tells once, of its end; so does what failed", async () => {
    told.length = 0;
    await world.fence("up");
    assert.equal(told.length, 2, "the one that answers, and the one that answers with a redirect");
    const ran = await world.fence("run", "--", "/bin/false");
    assert.equal(ran.code, 1, ran.stderr);
    assert.equal(told.length, 4);
    assert.equal((JSON.parse(told.at(-1)?.body ?? "") as { result: string }).result, "failed");
    assert.ok(existsSync(file));
  });
});
