import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, test } from "node:test";
import { readOwnConfig } from "../../src/verify/nginx-own-config.js";
import { masterOptions } from "../../src/verify/nginx-workers.js";
import { needs } from "../support/needs.js";
import { until } from "../support/world.js";

/** A process that shows itself as nginx does. */
async function withTitle(
  title: string,
  use: (pid: number) => Promise<void> | void,
  uid?: number,
): Promise<void> {
  const child = spawn("sleep", ["600"], {
    argv0: title,
    stdio: "ignore",
    ...(uid === undefined ? {} : { uid }),
  });
  try {
    await until("it to be there", () => child.pid !== undefined && child.exitCode === null);
    await use(child.pid ?? 0);
  } finally {
    child.kill("SIGKILL");
  }
}

describe("the config that a running nginx was started with", () => {
  const titles: readonly (readonly [string, readonly string[]])[] = [
    ["nginx: master process nginx", []],
    [
      "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;",
      ["-g", "daemon on; master_process on;"],
    ],
    [
      "nginx: master process nginx -c/e/n.conf -p /e x/ -e stderr",
      ["-c", "/e/n.conf", "-p", "/e x/", "-e", "stderr"],
    ],
    ["nginx: worker process -c /e/n.conf", []],
  ];
  for (const [title, options] of titles) {
    test(`is by the options of ${title}`, async () => {
      await withTitle(title, async (pid) => {
        await until("its title", () => masterOptions(pid).length === options.length);
        assert.deepEqual(masterOptions(pid), options);
      });
    });
  }

  test("is not read as root when another user may have named it", needs("root"), async () => {
    await withTitle(
      "nginx: master process nginx -c /tmp/evil.conf",
      async (pid) => {
        const { dump, problem } = await readOwnConfig({ program: "/usr/sbin/nginx" }, pid);
        assert.equal(dump, null);
        assert.match(problem ?? "", /is of user 65534: run fence as that user$/);
      },
      65534,
    );
  });
});
