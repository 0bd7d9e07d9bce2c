import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { childrenOf, isAlive, processInfo } from "../../src/base/process-info.js";
import { requestCounts } from "../../src/verify/request-counts.js";
import { needs } from "./needs.js";
import { Tmux } from "./tmux.js";
import { createWorld, freePort, until, type World } from "./world.js";

const FASTCGI = `use FCGI;
my $request = FCGI::Request();
while ($request->Accept() >= 0) { print "Content-Type: text/plain\\r\\n\\r\\nhere" }
`;

/** It must have been told its own pid. */
const HTTP = `use strict; use IO::Socket::INET;
exit 9 if $ENV{LISTEN_PID} != $$;
my $listener = IO::Socket::INET->new_from_fd(3, "r+") or die $!;
$listener->blocking(1);
$SIG{TERM} = sub { exit 0 };
while (my $client = $listener->accept) {
  while (my $line = <$client>) { last if $line =~ /^\\r?$/ }
  print $client "HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\nConnection: close\\r\\n\\r\\nhere";
  close $client;
}
`;

/** A fence that was made to be taken to a host: the program, and what its processes are to have of an environment. */
export interface WholeFence {
  /** Absolute path: a script for Node, or an executable. */
  program: string;
  /** The words that start it on a terminal. */
  words: string;
}

/**
 * Registers what such a fence must show: each of the programs that fence starts by itself, by real servers, and the
 * screens on a real terminal.
 */
export function worksAsAWhole(whole: () => WholeFence): void {
  const inWorld = async (
    options: Omit<Parameters<typeof createWorld>[0], "program">,
    use: (world: World, fence: (...args: string[]) => Promise<string>) => Promise<void>,
  ): Promise<void> => {
    const world = await createWorld({ ...options, program: whole().program });
    try {
      const fence = async (...args: string[]): Promise<string> => {
        const { code, stdout, stderr } = await world.fence(...args);
        assert.equal(code, 0, `fence ${args.join(" ")}: ${stdout}${stderr}`);
        return stdout;
      };
      await use(world, fence);
    } finally {
      await world.end();
    }
  };

  test("takes a site down, holds it by the gate and brings it up, on nginx", needs("nginx", "root"), () =>
    inWorld({ kind: "nginx" }, async (world, fence) => {
      await fence("apply");
      await world.start();
      await fence("down", "--message", "back soon");
      const { status, body } = await world.get("/", { Accept: "text/html" });
      assert.equal(status, 503);
      assert.match(body, /back soon/);
      await fence("hold");
      const waiting = world.get();
      await until("one to wait", async () => /"held":1/.test(await fence("status", "--json")));
      await fence("release");
      assert.equal((await waiting).status, 200);
    }),
  );

  test("serves by two processes of its own proxy, shows and switches it on a terminal", needs("tmux"), () =>
    inWorld({ kind: "proxy", serverLines: "workers = 2" }, async (world, fence) => {
      await fence("apply");
      await world.start();
      assert.equal((await world.get()).status, 200);
      assert.equal(childrenOf(world.masterPid()).length, 2);
      const counts = await requestCounts(join(world.folder, "run/web/control.sock"));
      assert.ok((counts?.get("main") ?? 0) > 0, "it tells what it has counted");
      const tmux = await new Tmux().open(80, 24, { LANG: "C.UTF-8" });
      try {
        await tmux.type(`${whole().words} -c ${world.specFile} tui; echo "ended with $?"`);
        await tmux.shows("the site", /main .*up/);
        await tmux.press("d");
        await tmux.shows("the question", /Take main down\?/);
        await tmux.press("Tab", "Enter");
        await tmux.shows("what came of it", /main is down[^]*exit code 0/);
        assert.equal((await world.get()).status, 503);
        await tmux.press("q");
        await tmux.shows("the end", /^ended with 0$/m);
      } finally {
        await tmux.close();
      }
    }),
  );

  test("its proxy is replaced by a new process without a pause", needs("linux"), () =>
    inWorld({ kind: "proxy" }, async (world, fence) => {
      await fence("apply");
      await world.start();
      const before = world.masterPid();
      await fence("proxy", "upgrade");
      const pid = world.masterPid();
      const start = processInfo(pid)?.start ?? "";
      try {
        assert.notEqual(pid, before);
        assert.equal((await world.get()).status, 200);
      } finally {
        process.kill(pid, "SIGTERM");
        await until("the new process to end", () => !isAlive(pid, start));
      }
    }),
  );

  test("runs workers, by FastCGI and by HTTP", needs("perl-fcgi", "root"), async () => {
    const ports = [await freePort(), await freePort()];
    const folder = mkdtempSync(join(tmpdir(), "fence-programs-"));
    writeFileSync(join(folder, "app.pl"), FASTCGI);
    writeFileSync(join(folder, "web.pl"), HTTP);
    const lines = `[worker.app]
command = ["perl", "${folder}/app.pl"]
socket = "127.0.0.1:${ports[0]}"
ready = { path = "/" }
cgi = { root = "/usr/share", split = [] }
[worker.web]
protocol = "http"
command = ["perl", "${folder}/web.pl"]
socket = "127.0.0.1:${ports[1]}"
ready = { path = "/" }
`;
    try {
      await inWorld({ kind: "proxy", siteLines: lines }, async (_world, fence) => {
        try {
          for (const action of ["start", "graceful", "status"]) await fence("workers", action);
        } finally {
          await fence("workers", "stop");
        }
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
