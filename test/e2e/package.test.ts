import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { childrenOf } from "../../src/base/process-info.js";
import { ROOT, runProgram } from "../cli/run-fence.js";
import { needs } from "../support/needs.js";
import { Tmux } from "../support/tmux.js";
import { createWorld, freePort, until, type World } from "../support/world.js";

/** What bin/package.mjs takes from a checkout. */
const SOURCES = [
  "bin",
  "build/src",
  "templates",
  "schema",
  "docs",
  "package.json",
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
];
const worker = (port: number): string => `[worker.app]
command = ["perl", "-MFCGI", "-e", "my \$r = FCGI::Request(); while (\$r->Accept() >= 0) { print qq(Content-Type: text/plain\\\\r\\\\n\\\\r\\\\nhere) }"]
socket = "127.0.0.1:${port}"
ready = { path = "/" }
cgi = { root = "/usr/share", split = [] }
`;

describe("the package", needs("root"), () => {
  const folder = mkdtempSync(path.join(tmpdir(), "fence-package-"));
  const installed = path.join(folder, "host/lib/node_modules/fence");
  const program = path.join(installed, "bin/fence.js");
  let file: string;

  const run = async (...words: readonly string[]): Promise<string> => {
    const [name = "", ...args] = words;
    const { code, stdout, stderr } = await runProgram(name, args, { env: { HOME: folder } });
    assert.equal(code, 0, `${words.join(" ")}: ${stdout}${stderr}`);
    return stdout.trim();
  };
  const packed = (root: string, out: string): Promise<string> =>
    run(process.execPath, path.join(root, "bin/package.mjs"), path.join(folder, out));

  before(async () => {
    file = await packed(ROOT, "one");
    await run("npm", "install", "--global", "--offline", "--prefix", path.join(folder, "host"), file);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("has the same bytes wherever it is built", async () => {
    const other = path.join(folder, "checkout");
    mkdirSync(other);
    for (const name of SOURCES) cpSync(path.join(ROOT, name), path.join(other, name), { recursive: true });
    symlinkSync(path.join(ROOT, "node_modules"), path.join(other, "node_modules"));
    const digest = (name: string): string => createHash("sha256").update(readFileSync(name)).digest("hex");
    assert.equal(digest(await packed(other, "two")), digest(file));
  });

  test("is installed without a network and brings all it needs, with every licence", () => {
    assert.deepEqual(readdirSync(path.dirname(installed)), ["fence"]);
    const manifest = JSON.parse(readFileSync(path.join(installed, "package.json"), "utf8")) as object;
    assert.equal("dependencies" in manifest, false);
    const { dependencies } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const licences = readFileSync(path.join(installed, "THIRD-PARTY.md"), "utf8");
    for (const [name, version] of Object.entries(dependencies))
      assert.ok(licences.includes(`## ${name} ${version}\n`), name);
  });

  const inWorld = async (
    options: Omit<Parameters<typeof createWorld>[0], "program">,
    use: (world: World, fence: (...args: string[]) => Promise<string>) => Promise<void>,
  ): Promise<void> => {
    const world = await createWorld({ ...options, program });
    try {
      const fence = async (...args: string[]): Promise<string> => {
        const { code, stdout, stderr } = await world.fence(...args);
        assert.equal(code, 0, `fence ${args.join(" ")}: ${stdout}${stderr}`);
        return stdout;
      };
      await fence("apply");
      await world.start();
      await use(world, fence);
    } finally {
      await world.end();
    }
  };

  test("takes a site down, holds it by the gate and brings it up, on nginx", needs("nginx"), () =>
    inWorld({ kind: "nginx" }, async (world, fence) => {
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

  test("serves by two processes of its own proxy, and shows it on a terminal", needs("tmux"), () =>
    inWorld({ kind: "proxy", serverLines: "workers = 2" }, async (world) => {
      assert.equal((await world.get()).status, 200);
      assert.equal(childrenOf(world.masterPid()).length, 2);
      const tmux = await new Tmux().open(80, 24, { LANG: "C.UTF-8" });
      try {
        await tmux.type(`${process.execPath} ${program} -c ${world.specFile} tui --read-only`);
        await tmux.shows("the site", /main .*up/);
      } finally {
        await tmux.close();
      }
    }),
  );

  test("runs workers", needs("perl-fcgi"), async () => {
    const world = await createWorld({ kind: "proxy", program, siteLines: worker(await freePort()) });
    try {
      for (const action of ["start", "graceful", "status", "stop"]) {
        const { code, stdout, stderr } = await world.fence("workers", action);
        assert.equal(code, 0, `${action}: ${stdout}${stderr}`);
      }
    } finally {
      await world.fence("workers", "stop");
      await world.end();
    }
  });

  test("tells its version, its manual and its completion", async () => {
    assert.match(await run(path.join(folder, "host/bin/fence"), "--version"), /^\d+\.\d+\.\d+$/);
    assert.match(await run(process.execPath, program, "completion", "bash"), /complete -F/);
    assert.match(await run(process.execPath, program, "man", "down"), /^\.TH/m);
  });
});
