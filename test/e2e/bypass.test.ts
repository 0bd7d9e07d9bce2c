import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { BYPASS_PATH, nameOfToken } from "../../src/base/bypass.js";
import { wallMs } from "../../src/base/clock.js";
import type { Mode } from "../../src/base/mode.js";
import { createBypass, readBypasses, removeBypasses } from "../../src/switch/bypass.js";
import { ask, type Ask } from "../support/http-answer.js";
import { createStage } from "../support/lighttpd-stage.js";
import { httpAt } from "../support/listen.js";
import { needs, type Need } from "../support/needs.js";
import { nginxSpec, siteOf, startNginx, type NginxKind } from "../support/nginx.js";
import { freePort, until } from "../support/world.js";

interface Served {
  port: number;
  stateDir: string;
  switchTo(mode: Mode): Promise<unknown>;
  /** The Cookie field of the last request at the backend. */
  cookie(): string | undefined;
  end(): Promise<void>;
}

const ALLOWED = "00000000000000000000ffff7f000009";
const exceptions = {
  allow: [{ family: 4 as const, text: "127.0.0.9/32", first: ALLOWED, last: ALLOWED }],
  trustedProxies: [],
  pass: [{ match: "regex" as const, value: "^/open$" }],
  acme: true,
  health: { path: "/health", whileDown: "down" as const },
};

function partsIn(folder: string) {
  const dir = join(folder, "files");
  mkdirSync(dir);
  writeFileSync(join(dir, "a.css"), "a{}\n");
  const routes = [{ path: "/files/", dir, fallback: null, precompressed: false }];
  return { exceptions, routes };
}

async function onLighttpd(): Promise<Served> {
  const stage = await createStage({ main: partsIn });
  const { port, folder } = stage;
  const switchTo = (mode: Mode) => stage.switch(mode);
  return {
    port,
    stateDir: join(folder, "state"),
    switchTo,
    cookie: () => stage.cookie(),
    end: () => stage.end(),
  };
}

async function onOthers(kind: NginxKind): Promise<Served> {
  const port = await freePort();
  const world = await startNginx((folder, backend) =>
    nginxSpec(kind, folder, backend.port, [httpAt(port)], [siteOf("main", partsIn(folder))]),
  );
  return {
    port,
    stateDir: join(world.folder, "state"),
    switchTo: (mode) => world.switchTo("main", { mode }),
    cookie: () => world.backend.headers.at(-1)?.cookie,
    end: () => world.end(),
  };
}

const KINDS: readonly { kind: string; need: Need; start: () => Promise<Served> }[] = [
  { kind: "lighttpd", need: "lighttpd", start: onLighttpd },
  { kind: "nginx", need: "nginx", start: () => onOthers("nginx") },
  { kind: "nginx-lua", need: "nginx-lua", start: () => onOthers("nginx-lua") },
  { kind: "proxy", need: "linux", start: () => onOthers("proxy") },
];
const TTL_MS = 3_600_000;

for (const { kind, need, start } of KINDS) {
  describe(`A bypass on ${kind}`, needs(need), () => {
    let served: Served;
    before(async () => (served = await start()));
    after(() => served.end());

    const make = (ttlMs = TTL_MS, name = "main") =>
      createBypass(served.stateDir, { name, unhashed: kind === "nginx" }, "tester", wallMs(), ttlMs);
    const get = (headers: Record<string, string> = {}, more: Partial<Ask> = {}) =>
      ask({ port: served.port, host: "main.test", headers, ...more });
    const withToken = (token: string, more: Partial<Ask> = {}) =>
      get({ Cookie: `fence_bypass=${token}` }, more);

    test("is a link that sets a cookie, also before the site is down, and leads to the site", async () => {
      const { token } = make();
      for (const mode of ["up", "down"] as const) {
        await served.switchTo(mode);
        const answer = await get({}, { path: `${BYPASS_PATH}${token}` });
        assert.equal(answer.status, 303, mode);
        assert.equal(answer.headers["location"], "/");
        assert.deepEqual(answer.headers["set-cookie"], [
          `fence_bypass=${token}; Path=/; HttpOnly; SameSite=Lax`,
        ]);
        assert.equal(answer.headers["cache-control"], "no-store");
        assert.equal(answer.headers["referrer-policy"], "no-referrer");
      }
    });

    test("passes while the site is down, is told that, and no backend sees the cookie", async () => {
      await served.switchTo("down");
      const { token } = make();
      assert.equal((await get()).status, 503);
      const alone = await withToken(token);
      assert.equal(alone.status, 200);
      assert.equal(alone.headers["x-fence-mode"], "down; bypass");
      assert.ok(!(served.cookie() ?? "").includes("bypass"), served.cookie());
      const among = await get(
        { Cookie: `a=1; fence_bypass=${token}; b="2"` },
        { method: "POST", path: "/x" },
      );
      assert.equal(among.status, 200);
      assert.equal(served.cookie(), 'a=1; b="2"');
      await get({ Cookie: `a=1; fence_bypass=${token}` }, { path: "/open" });
      assert.equal(served.cookie(), "a=1");
      await served.switchTo("up");
      const up = await get({ Cookie: `a=1; fence_bypass=${token}; not_fence_bypass=2` });
      assert.equal(up.headers["x-fence-mode"], undefined);
      assert.equal(served.cookie(), "a=1; not_fence_bypass=2");
    });

    test("is told on files of the site, on errors of most kinds, and to clients at allowed addresses", async (t) => {
      await served.switchTo("down");
      const { token } = make();
      const paths = { "/files/a.css": 200, ...(kind === "lighttpd" ? {} : { "/files/none": 404 }) };
      const agent = new Agent({ keepAlive: true });
      t.after(() => agent.destroy());
      for (const [path, status] of Object.entries(paths)) {
        const staff = await withToken(token, { path, agent });
        assert.equal(staff.status, status, path);
        assert.equal(staff.headers["x-fence-mode"], "down; bypass", path);
        const allowed = await get({}, { path, from: "127.0.0.9", agent });
        assert.equal(allowed.headers["x-fence-mode"], "down; allow", path);
      }
      assert.equal((await get({}, { from: "127.0.0.9" })).headers["x-fence-mode"], "down; allow");
      assert.equal((await get({}, { path: "/open" })).headers["x-fence-mode"], undefined);
      assert.equal((await get()).headers["x-fence-mode"], undefined);
      assert.equal((await withToken(token, { path: "/health" })).status, 503);
      await served.switchTo("up");
      const up = await withToken(token, { path: "/files/a.css", from: "127.0.0.9" });
      assert.equal(up.headers["x-fence-mode"], undefined);
    });

    test("is nothing that can be guessed, stretched or taken elsewhere", async () => {
      await served.switchTo("down");
      const { token } = make();
      const end = token.slice(0, 10);
      const forged = [
        "",
        "x",
        `${end}-${"A".repeat(43)}`,
        `9999999999${token.slice(10)}`,
        token.slice(0, -1),
        `${token}A`,
        token.toLowerCase() === token ? token.toUpperCase() : token.toLowerCase(),
        nameOfToken(token),
        `../main/${token}`,
        `${token}/`,
        `%2e%2e/${token}`,
        make(TTL_MS, "other").token,
      ];
      for (const one of forged) {
        assert.equal((await withToken(one)).status, 503, one);
        if (one !== "") assert.notEqual((await get({}, { path: `${BYPASS_PATH}${one}` })).status, 303, one);
      }
      assert.equal((await get({ Cookie: `xfence_bypass=${token}` })).status, 503);
      assert.equal((await get({ "X-Fence-Bypass": token })).status, 503);
      assert.equal((await withToken(token)).status, 200);
    });

    test("is the first cookie of its name, in its own writing: what others toss in or blow up lets nobody pass", async () => {
      await served.switchTo("down");
      const { token } = make();
      const name = "fence_bypass";
      const junk = `${name}=${token.slice(0, 11)}${"A".repeat(43)}`;
      const bombs = [
        `${name}=${"9".repeat(7000)}`,
        `${name}=${`${token};`.repeat(60)}`.replaceAll(token, token.slice(0, -1)),
        `${`${name}=x; `.repeat(400)}${name}=${token}`,
        ";".repeat(7000),
      ];
      const refused = [
        `${junk}; ${name}=${token}`,
        `${name}=; ${name}=${token}`,
        `${name.toUpperCase()}=${token}`,
        `${name}="${token}"`,
        `${name} =${token}`,
        `__Host-${name}=${token}`,
        `a="; ${name}2=${token}`,
        ...bombs,
      ];
      for (const cookie of refused)
        assert.equal((await get({ Cookie: cookie })).status, 503, cookie.slice(0, 80));
      assert.equal((await get({ Cookie: `a=1; ${name}=${token}; ${junk}` })).status, 200);
    });

    test("ends when it is revoked, with the next request", async () => {
      await served.switchTo("down");
      const { token, bypass } = make();
      assert.equal((await withToken(token)).status, 200);
      removeBypasses(served.stateDir, [bypass]);
      assert.equal((await withToken(token)).status, 503);
      assert.equal((await get({}, { path: `${BYPASS_PATH}${token}` })).status, 404);
    });

    test("ends by itself", async () => {
      await served.switchTo("down");
      const { token } = make(3000);
      assert.equal((await withToken(token)).status, 200);
      await until("it has ended", async () => (await withToken(token)).status === 503);
      assert.equal((await get({}, { path: `${BYPASS_PATH}${token}` })).status, 404);
    });

    test("is kept as a hash alone, or where nobody but root can list it", () => {
      const { token } = make();
      const folder = join(served.stateDir, "bypass/main");
      for (const name of readdirSync(folder)) {
        if (kind === "nginx" && name === "by-token") {
          assert.equal(statSync(join(folder, name)).mode & 0o777, 0o711);
          continue;
        }
        assert.ok(!name.includes(token.slice(11)));
        assert.ok(!readFileSync(join(folder, name), "utf8").includes(token.slice(11)));
      }
      assert.ok(readBypasses(served.stateDir, "main").some(({ by }) => by === "tester"));
    });

    test("does not show fence's own probe a site that is up", async () => {
      await served.switchTo("down");
      const answer = await withToken(make().token, { path: "/.well-known/fence/probe" });
      assert.equal(answer.status, 503);
    });
  });
}

test(
  "the cookie is for TLS alone when the link was opened over TLS, on lighttpd",
  needs("lighttpd-tls", "openssl"),
  async () => {
    const stage = await createStage({ tls: true });
    try {
      await stage.switch("down");
      const { token } = createBypass(
        join(stage.folder, "state"),
        { name: "main", unhashed: false },
        "tester",
        wallMs(),
        TTL_MS,
      );
      const path = `${BYPASS_PATH}${token}`;
      const answer = await ask({ port: stage.tlsPort, host: "main.test", path, tls: true });
      assert.deepEqual(answer.headers["set-cookie"], [
        `fence_bypass=${token}; Path=/; HttpOnly; SameSite=Lax; Secure`,
      ]);
    } finally {
      await stage.end();
    }
  },
);
