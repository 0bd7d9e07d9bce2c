import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, lstatSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { heldConnections, waitingConnections } from "../../src/workers/procfs.js";
import { closeSocket, openSocket, placeSocket, type SocketWish } from "../../src/workers/socket-place.js";
import { needs } from "../support/needs.js";
import { until } from "../support/world.js";

const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };

async function inSocketFolder(
  use: (wish: Extract<SocketWish, { kind: "unix" }>) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "fence-place-"));
  try {
    await use({ kind: "unix", path: join(folder, "a.sock"), mode: 0o600, backlog: 8, ...own });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Accepts one connection from descriptor 0, answers with what it was told, and ends. */
const ACCEPT_ONE = 'accept(my $c, STDIN) or die $!; sysread($c, my $b, 100); syswrite($c, "got $b")';

for (const kind of ["unix", "tcp"] as const)
  test(
    `Nothing is accepted by whoever owns a ${kind} socket: what comes waits for the process that it is handed to`,
    needs("perl-fcgi"),
    () =>
      inSocketFolder(async (unix) => {
        const wish: SocketWish =
          kind === "unix" ? unix : { kind: "tcp", address: "127.0.0.1", port: 0, backlog: 8 };
        const owned = await openSocket(wish, false);
        placeSocket(owned, wish);
        const clients = Array.from({ length: 5 }, () =>
          owned.bound.kind === "unix" ? connect(unix.path) : connect(owned.bound.port, "127.0.0.1"),
        );
        await Promise.all(clients.map((client) => once(client, "connect")));
        clients.forEach((client, index) => client.write(`${index}`));
        // This process turns to its events again and again meanwhile: Node's own listener would have accepted all of them.
        for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        assert.equal(waitingConnections(owned.bound), 5);
        assert.equal(heldConnections([process.pid], owned.bound), 0);
        for (const [index, client] of clients.entries()) {
          const answer = once(client, "data");
          const child = spawn("perl", ["-e", ACCEPT_ONE], { stdio: [owned.handle.fd, "ignore", "inherit"] });
          assert.equal(String((await answer)[0]), `got ${index}`);
          await once(child, "exit");
        }
        await until("an empty queue", () => waitingConnections(owned.bound) === 0);
        for (const client of clients) client.destroy();
        closeSocket(owned);
        assert.equal(existsSync(unix.path), false);
      }),
  );

test("A unix socket has its mode before it is in its place, and a file that is none is left alone", () =>
  inSocketFolder(async (wish) => {
    const owned = await openSocket(wish, false);
    assert.equal(existsSync(wish.path), false);
    assert.ok(owned.bound.kind === "unix");
    assert.equal(lstatSync(owned.bound.name).mode & 0o777, 0o600);
    placeSocket(owned, wish);
    await assert.rejects(openSocket(wish, false), {
      code: "worker-socket",
      message: /another program listens there/,
    });
    const next = await openSocket(wish, true);
    placeSocket(next, wish);
    closeSocket(owned);
    assert.ok(existsSync(wish.path), "the file is the next one's");
    closeSocket(next);
    writeFileSync(wish.path, "");
    await assert.rejects(openSocket(wish, true), { code: "worker-socket", message: /is not a socket/ });
  }));
