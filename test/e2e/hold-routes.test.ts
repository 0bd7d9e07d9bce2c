import assert from "node:assert/strict";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import type { WebServerKind } from "../../src/spec/types.js";
import { sync } from "../../src/verify/control-sync.js";
import { needs, type Need } from "../support/needs.js";
import { createWorld, until, type World } from "../support/world.js";

const KINDS: readonly { kind: WebServerKind; need: readonly Need[] }[] = [
  { kind: "lighttpd", need: ["lighttpd", "root"] },
  { kind: "nginx-lua", need: ["nginx-lua", "root"] },
  { kind: "nginx", need: ["nginx", "root"] },
  { kind: "proxy", need: ["root"] },
];

/** A backend that answers `/slow` only when it is told to. */
class Backend {
  readonly seen: string[] = [];
  private readonly waiting: ServerResponse[] = [];
  private readonly server = http.createServer((request, response) => this.take(request, response));

  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    return (this.server.address() as AddressInfo).port;
  }

  finish(): void {
    for (const response of this.waiting.splice(0)) response.end("slow");
  }

  end(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    this.seen.push(request.url ?? "");
    if (request.url === "/slow") this.waiting.push(response);
    else response.end("done");
  }
}

interface SiteReport {
  mode: string;
  hold: { inflight: number } | null;
}

const ask = (port: number, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { Host: "main.test" };
    const request = http.get({ host: "127.0.0.1", port, path, agent: false, headers }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    request.on("error", reject);
  });

for (const { kind, need } of KINDS) {
  describe(`A site with two upstreams that is held on ${kind}`, needs(...need), () => {
    const own = new Backend();
    const api = new Backend();
    let world: World;

    before(async () => {
      const backendPort = await own.listen(0);
      const apiPort = await api.listen(0);
      world = await createWorld({
        kind,
        backendPort,
        // Longer than the crowded machine may take to look.
        upstreamLines: 'read_timeout = "10m"',
        siteLines: `[[site.main.route]]
path = "/api/"
upstream = "api"
strip_prefix = true

[upstream.api]
backends = ["127.0.0.1:${apiPort}"]
read_timeout = "10m"
`,
      });
      const applied = await world.fence("apply");
      assert.equal(applied.code, 0, applied.stderr);
      await world.start();
    });
    after(async () => {
      own.finish();
      api.finish();
      await world.fence("up");
      await world.end();
      own.end();
      api.end();
    });

    // Where they wait.
    const place = kind === "nginx" || kind === "lighttpd" ? "gate" : "web";
    const held = async (): Promise<number> =>
      (await sync(`${world.folder}/run/${place}/control.sock`, "main").catch(() => null))?.held?.count ?? -1;
    const site = async (): Promise<SiteReport | undefined> => {
      const { stdout } = await world.fence("status", "--json");
      return (JSON.parse(stdout) as { sites: SiteReport[] }).sites[0];
    };

    test("it is drained when both have answered, and what waited goes to the upstream of its route, once", async () => {
      const slow = [ask(world.port, "/slow"), ask(world.port, "/api/slow")];
      await until("both to be at work", () => own.seen.includes("/slow") && api.seen.includes("/slow"));
      let isDrained = false;
      const holding = world
        .fence("hold", "--for", "5m", "--max-wait", "4m", "--drain-timeout", "4m")
        .then((result) => {
          isDrained = true;
          return result;
        });
      await until("the hold", async () => (await site())?.mode === "hold");
      own.finish();
      await until("one to be left", async () => (await site())?.hold?.inflight === 1);
      assert.equal(isDrained, false, "the other upstream still has a request");
      api.finish();
      const { code, stderr } = await holding;
      assert.equal(code, 0, stderr);
      assert.deepEqual(await Promise.all(slow), [200, 200]);

      const before = [own.seen.length, api.seen.length] as const;
      const numbers = Array.from({ length: 20 }, (_, index) => index);
      const waiting = numbers.flatMap((n) => [ask(world.port, `/own/${n}`), ask(world.port, `/api/${n}?q`)]);
      // As it was written, written otherwise, and nothing left.
      waiting.push(ask(world.port, "/api/a%2Fb"), ask(world.port, "/%61pi/c%20d"), ask(world.port, "/api"));
      await until("all to wait", async () => (await held()) === waiting.length);
      assert.deepEqual([own.seen.length, api.seen.length], before, "nothing reaches a backend meanwhile");
      const released = await world.fence("release");
      assert.equal(released.code, 0, released.stderr);
      assert.deepEqual(new Set(await Promise.all(waiting)), new Set([200]));
      assert.deepEqual(own.seen.slice(before[0]).sort(), numbers.map((n) => `/own/${n}`).sort());
      assert.deepEqual(
        api.seen.slice(before[1]).sort(),
        ["/", "/a%2Fb", "/c%20d", ...numbers.map((n) => `/${n}?q`)].sort(),
      );
    });

    test("fence run asks the backends of both whether they are well", async () => {
      api.end();
      const { code, stderr } = await world.fence("run", "main", "--check-timeout", "1s", "--", "/bin/true");
      assert.notEqual(code, 0);
      assert.match(stderr, /127\.0\.0\.1:\d+/);
    });
  });
}
