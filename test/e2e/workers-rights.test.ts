import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { processInfo } from "../../src/base/process-info.js";
import { assertFails } from "../cli/run-fence.js";
import { createWorkers, needsOf, superviseInForeground, untilRuns } from "../support/workers.js";
import { until } from "../support/world.js";

const PERL = { program: "perl", socket: "unix", count: 1 } as const;

/** Connects to whatever is in a folder, again and again. */
const PROBE = `use strict; use Socket; $| = 1;
my %tried;
while (1) {
  for my $path (glob "$ARGV[0]/*") {
    socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die $!;
    if (connect($s, sockaddr_un($path))) { print "connected $path\\n" }
    elsif ($!{EACCES} && !$tried{$path}++) { print "refused $path\\n" }
  }
}`;

describe("Rights", needsOf(PERL), () => {
  test("Workers run as their user without new privileges, on a socket that was right before it could be used", async () => {
    const world = await createWorkers({ ...PERL, lines: 'user = "www-data"' });
    try {
      await world.workers("start");
      const [pid = 0] = await world.pids();
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
      assert.ok(uid > 0);
      assert.match(status, new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}\\s+${uid}$`, "m"));
      assert.match(status, /^NoNewPrivs:\s+1$/m);
      assert.match(status, /^CapEff:\s+0+$/m);
      const socket = lstatSync(world.address.replace("unix:", ""));
      assert.deepEqual([socket.uid, socket.mode & 0o777], [uid, 0o666]);
      // Web servers, whose users are others, look into the folders that were made on the way.
      for (const folder of ["state", "run"])
        assert.equal(statSync(join(world.folder, folder)).mode & 0o777, 0o755, folder);
    } finally {
      await world.end();
    }
  });

  test("Nobody who may not connects in the moment in which a socket is made, be it the first or another's successor", async () => {
    const world = await createWorkers(PERL);
    const folder = join(world.folder, "sockets");
    const spec = join(world.folder, "fence.toml");
    writeFileSync(spec, readFileSync(spec, "utf8").replace('mode = "0666"', 'mode = "0600"'));
    const prober = spawn("perl", ["-e", PROBE, folder], { uid: 65534, gid: 65534 });
    let said = "";
    prober.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    try {
      await world.workers("start");
      await until("a try of the prober", () => said.includes("refused"));
      await world.graceful();
      await world.graceful();
      assert.equal(statSync(join(folder, "app.sock")).mode & 0o777, 0o600);
      assert.doesNotMatch(said, /connected/);
      assert.equal(prober.exitCode, null);
    } finally {
      prober.kill("SIGKILL");
      await world.end();
    }
  });

  test("A socket folder that everybody may write to is refused, and tried again until it is mended", async () => {
    const world = await createWorkers(PERL);
    try {
      const folder = join(world.folder, "sockets");
      chmodSync(folder, 0o777);
      const ended = await world.fence("workers", "start");
      assertFails(ended, "worker-not-ready", 1);
      assert.match(ended.stderr, /everybody may write to the folder/);
      await until("another try", () => /"code":"worker-socket"/.test(world.log()));
      assert.equal(existsSync(world.address.replace("unix:", "")), false);
      chmodSync(folder, 0o755);
      await untilRuns(world);
    } finally {
      await world.end();
    }
  });
});

describe("The folder in which the processes of fence find each other", needsOf(PERL), () => {
  test("One that others may look into is refused: who is in it gives orders", async () => {
    const world = await createWorkers(PERL);
    try {
      const folder = join(world.folder, "run/_workers");
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o710);
      const ended = await world.fence("workers", "run");
      assertFails(ended, "workers-failed", 1);
      assert.match(ended.stderr, /_workers is not a folder of this user that is closed to others/);
    } finally {
      await world.end();
    }
  });
});

describe("In the foreground", needsOf(PERL), () => {
  test("run supervises until SIGTERM, which ends the workers and takes the sockets away; a second one is refused", async () => {
    const world = await createWorkers(PERL);
    const child = superviseInForeground(world);
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    try {
      await untilRuns(world);
      const [pid = 0] = await world.pids();
      const second = await world.fence("workers", "run");
      assertFails(second, "workers-failed", 1);
      assert.equal(statSync(join(world.folder, "run/_workers")).mode & 0o777, 0o700);
      child.kill("SIGTERM");
      assert.equal(await ended, 0);
      assert.equal(processInfo(pid)?.state ?? "Z", "Z");
      assert.equal(existsSync(world.address.replace("unix:", "")), false);
      assert.equal((await world.fence("workers", "stop")).stdout.trim(), "no supervisor of workers runs");
    } finally {
      child.kill("SIGKILL");
      await world.end();
    }
  });
});
