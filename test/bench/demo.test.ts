import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runProgram } from "../cli/run-fence.js";
import { needs } from "../support/needs.js";

const DEMO = fileURLToPath(new URL("../../bench/demo.js", import.meta.url));

describe("npm run demo, where there is no web server but fence's own", needs("linux"), () => {
  test("shows a site taken down and up, and a backend replaced, with nothing lost", async () => {
    const { code, stdout, stderr } = await runProgram(process.execPath, [
      DEMO,
      "--server",
      "proxy",
      "--toggles",
      "1",
    ]);
    assert.equal(code, 0, `${stdout}${stderr}`);
    assert.match(stdout, /fence down main .*proven/);
    assert.match(stdout, /LOST +0$/m);
    const [, sent, right] = /requests sent, GET and POST +(\d+)\n.* (\d+)\n/.exec(stdout) ?? [];
    assert.ok(Number(sent) > 0);
    assert.equal(right, sent);
    assert.match(stdout, /errors +0\n {2}executed twice +0\n/);
  });

  test("a server that it does not know is told", async () => {
    const { code, stderr } = await runProgram(process.execPath, [DEMO, "--server", "iis"]);
    assert.equal(code, 1);
    assert.match(stderr, /--server takes one of lighttpd, nginx-lua, nginx, proxy/);
  });
});
