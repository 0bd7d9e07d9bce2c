import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { has, needs } from "../support/needs.js";
import { assertFails, fence, FENCE, inFolder, runProgram } from "./run-fence.js";
import { writeRenderedSpec, writeSpec } from "./spec-fixture.js";

const NOBODY = 65_534;

interface ErrorObject {
  schema: string;
  code: string;
  exit: number;
  message: string;
  hint: string | null;
  diagnostics?: { file: string; line: number; message: string }[];
}

describe("the spec is found", () => {
  test("no spec anywhere: exit 66", async () => {
    await inFolder(async (folder) => {
      mkdirSync(path.join(folder, ".git"));
      const { code, stdout, stderr } = await fence(["status"], { cwd: folder, env: { HOME: folder } });
      assertFails({ code, stderr }, "spec-not-found", 66);
      assert.equal(stdout, "");
    });
  });

  test("a spec that -c names and that is not there: exit 66", async () => {
    const { code, stderr } = await fence(["status", "-c", "/nowhere/fence.toml"]);
    assert.match(stderr, /\/nowhere\/fence\.toml/);
    assert.equal(code, 66);
  });

  test("a spec that cannot be read: exit 66", needs("root"), async () => {
    await inFolder(async (folder) => {
      const file = writeSpec(folder);
      chmodSync(folder, 0o755);
      chmodSync(file, 0o600);
      const { code, stderr } = await fence(["status", "-c", file], { uid: NOBODY, gid: NOBODY });
      assertFails({ code, stderr }, "spec-unreadable", 66);
    });
  });

  test("-c wins over FENCE_CONFIG, before the command and after it", async () => {
    await inFolder(async (folder) => {
      const file = writeSpec(folder, { sites: ["right"] });
      const env = { FENCE_CONFIG: "/nowhere/fence.toml" };
      for (const args of [
        ["-c", file, "status", "--json"],
        ["status", "--json", "--config", file],
      ]) {
        const { code, stdout, stderr } = await fence(args, { env });
        assert.equal(stderr, "");
        assert.equal(code, 0);
        assert.match(stdout, /"name":"right"/);
      }
      assert.equal((await fence(["status"], { env: { FENCE_CONFIG: file } })).code, 0);
    });
  });

  test("-C goes to a folder first", async () => {
    await inFolder(async (folder) => {
      writeSpec(folder);
      assert.equal((await fence(["-C", folder, "status"])).code, 0);
      assert.equal((await fence(["status", "-C", folder])).code, 0);
    });
  });
});

describe("a spec with errors", () => {
  const broken = (folder: string): string => {
    const file = writeSpec(folder, { serverLines: 'wrokers = 2\nkindd = "x"' });
    return file;
  };

  test("every problem is printed with its line, and the exit code is 78", async () => {
    await inFolder(async (folder) => {
      const { code, stdout, stderr } = await fence(["-c", broken(folder), "status"], { cwd: folder });
      assert.match(stderr, /^fence\.toml:8:\d+: error: .*wrokers/m);
      assert.match(stderr, /^fence\.toml:9:\d+: error: .*kindd/m);
      assert.match(stderr, /^ {2}8 \| wrokers = 2\n {4}\| \^+$/m);
      assertFails({ code, stderr }, "spec-invalid", 78);
      assert.equal(stdout, "");
    });
  });

  test("with --json the problems are in the error object", async () => {
    await inFolder(async (folder) => {
      const { code, stderr } = await fence(["-c", broken(folder), "check", "--json"], { cwd: folder });
      const error = JSON.parse(stderr) as ErrorObject;
      assert.equal(error.schema, "fence/error@1");
      assert.equal(error.code, "spec-invalid");
      assert.equal(error.exit, 78);
      assert.deepEqual(
        error.diagnostics?.map(({ line }) => line),
        [8, 9],
      );
      assert.equal(code, 78);
    });
  });
});

describe("sites", () => {
  test("a mistyped site is suggested, with the list of sites: exit 64", async () => {
    await inFolder(async (folder) => {
      const file = writeSpec(folder, { sites: ["main", "shop"] });
      for (const args of [
        ["down", "shpo"],
        ["status", "shpo"],
        ["is", "up", "shpo"],
        ["history", "shpo"],
      ]) {
        const { code, stderr } = await fence(["-c", file, ...args]);
        assert.match(stderr, /no site is named "shpo"\n {2}did you mean shop\? the sites are: main, shop/);
        assertFails({ code, stderr }, "unknown-site", 64);
      }
    });
  });

  test("without a name there must be only one site: exit 64 and the list", async () => {
    await inFolder(async (folder) => {
      const file = writeSpec(folder, { sites: ["main", "shop"] });
      for (const args of [["down"], ["up"], ["is", "up"], ["wait", "up"]]) {
        const { code, stderr } = await fence(["-c", file, ...args]);
        assert.match(stderr, /name the ones you mean\n {2}the sites are: main, shop/);
        assert.equal(code, 64);
      }
    });
  });

  test("--all needs --yes without a terminal, and excludes names", async () => {
    await inFolder(async (folder) => {
      const file = await writeRenderedSpec(folder, { sites: ["main", "shop"] });
      const refused = await fence(["-c", file, "down", "--all"]);
      assert.match(refused.stderr, /give --yes as well, or name the sites/);
      assert.equal(refused.code, 64);
      assert.equal((await fence(["-c", file, "down", "main", "--all"])).code, 64);
      const planned = await fence(["-c", file, "down", "--all", "--dry-run"]);
      assert.equal(planned.code, 0);
      assert.match(planned.stdout, /^main would go from .* down on web.*\n(.*\n)*shop would go/);
    });
  });

  test("an end that has passed is refused", async () => {
    await inFolder(async (folder) => {
      const { code, stderr } = await fence([
        "-c",
        writeSpec(folder),
        "down",
        "--until",
        "2020-01-01T00:00:00Z",
      ]);
      assert.match(stderr, /has passed already/);
      assert.equal(code, 64);
      const atOnce = await fence(["-c", writeSpec(folder), "down", "--for", "0s"]);
      assert.match(atOnce.stderr, /--for 0s ends at once/);
      assert.equal(atOnce.code, 64);
    });
  });
});

describe("folders", () => {
  test("an output that cannot be written: exit 77", needs("root"), async () => {
    await inFolder(async (folder) => {
      const file = writeSpec(folder);
      chmodSync(folder, 0o755);
      const { code, stderr } = await fence(["-c", file, "render"], { uid: NOBODY, gid: NOBODY });
      assertFails({ code, stderr }, "output-not-writable", 77);
    });
  });

  test("an output below a file: exit 1, and nothing is left", async () => {
    await inFolder(async (folder) => {
      writeFileSync(path.join(folder, "file"), "");
      const file = writeSpec(folder, { output: "file/rendered" });
      const { code, stderr } = await fence(["-c", file, "render"]);
      assertFails({ code, stderr }, "output-not-writable", 1);
      assert.deepEqual(readdirSync(folder).sort(), ["fence.toml", "file"]);
    });
  });

  test("an output that holds files of others is left alone, and not shown: exit 1", async () => {
    await inFolder(async (folder) => {
      mkdirSync(path.join(folder, "rendered"));
      writeFileSync(path.join(folder, "rendered/mine.conf"), "mine");
      const spec = writeSpec(folder);
      for (const args of [["render"], ["render", "--check"], ["plan"]]) {
        const { code, stdout, stderr } = await fence(["-c", spec, ...args]);
        assertFails({ code, stderr }, "output-not-ours", 1);
        assert.equal(stdout, "");
      }
      assert.match((await fence(["-c", spec, "doctor"])).stdout, /holds files that fence did not write/);
      assert.deepEqual(readdirSync(path.join(folder, "rendered")), ["mine.conf"]);
    });
  });

  test("a state folder that others may write to: exit 77", needs("root"), async () => {
    await inFolder(async (folder) => {
      const file = await writeRenderedSpec(folder);
      mkdirSync(path.join(folder, "state"));
      chmodSync(path.join(folder, "state"), 0o777);
      const { code, stderr } = await fence(["-c", file, "down"]);
      assertFails({ code, stderr }, "state-not-safe", 77);
    });
  });

  test("a lock that another holds: exit 5, told by whom", async () => {
    await inFolder(async (folder) => {
      const file = await writeRenderedSpec(folder);
      mkdirSync(path.join(folder, "state"));
      // The lock is the kernel's, so any flock of the file will do.
      const script = `exec 9>"$2/state/lock"; flock -x 9; "$0" "$1" -c "$2/fence.toml" down --json 9>&-; echo "$?"`;
      const { stdout, stderr } = await runProgram("/bin/bash", [
        "-c",
        script,
        process.execPath,
        FENCE,
        folder,
      ]);
      const error = JSON.parse(stderr) as ErrorObject;
      assert.equal(error.code, "lock-held");
      assert.equal(error.exit, 5);
      assert.match(stdout, /\n?5\n$/);
      assert.equal((await fence(["-c", file, "down", "--dry-run"])).code, 0);
    });
  });
});

describe("init", () => {
  test("writes a spec that is valid as it is, and never over another", async () => {
    await inFolder(async (folder) => {
      for (const kind of ["nginx", "nginx-lua", "lighttpd"]) {
        const file = path.join(folder, `${kind}.toml`);
        const { code, stdout } = await fence(["init", "--kind", kind, "-c", file]);
        assert.equal(code, 0);
        assert.equal(stdout, `${file}\n`);
        const rendered = await fence(["-c", file, "render", "--out", path.join(folder, `out-${kind}`)]);
        assert.equal(rendered.stderr, "");
        assert.equal(rendered.code, 0);
      }
      const again = await fence(["init"], { cwd: folder });
      assert.equal(again.code, 0);
      const here = has("nginx") ? "nginx" : has("lighttpd") ? "lighttpd" : "fence's own proxy";
      assert.ok(again.stderr.includes(`It is for ${here}, by what is installed here`), again.stderr);
      writeFileSync(path.join(folder, "fence.toml"), "# mine\n");
      const refused = await fence(["init"], { cwd: folder });
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /exists already\n {2}--force overwrites it/);
      assert.equal((await fence(["init", "--force"], { cwd: folder })).code, 0);
    });
  });

  test("--include is for a server with a config of its own, which the proxy has not", async () => {
    await inFolder(async (folder) => {
      const file = path.join(folder, "fence.toml");
      assertFails(await fence(["init", "--kind", "proxy", "--include", "-c", file]), "usage", 64);
      assert.equal((await fence(["init", "--kind", "lighttpd", "--include", "-c", file])).code, 0);
      assert.match(readFileSync(file, "utf8"), /^config = "include"/m);
      assert.equal((await fence(["-c", file, "check"])).code, 0);
    });
  });

  test("fence schema prints a JSON Schema", async () => {
    const { code, stdout } = await fence(["schema"]);
    assert.equal(code, 0);
    const schema = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(typeof schema["$schema"], "string");
  });
});
