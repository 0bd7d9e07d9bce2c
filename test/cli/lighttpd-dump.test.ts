import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { readLighttpdDump } from "../../src/cli/lighttpd-dump.js";
import { parseSpec } from "../../src/spec/parse.js";
import { starterSpec } from "../../src/spec/starter.js";
import { needs } from "../support/needs.js";
import { inFolder, runProgram } from "./run-fence.js";

const CONFIG = `server.document-root = "/var/www"
server.port = 8081
server.bind = "127.0.0.1"
server.pid-file = "/run/other.pid"
$SERVER["socket"] == "[::1]:8081" { }
$SERVER["socket"] == "0.0.0.0:8443" {
  $HTTP["host"] == "tls.example.com" { ssl.engine = "enable" }
  ssl.engine = "enable"
}
$HTTP["host"] == "www.example.com" { $HTTP["url"] =~ "^/a" { url.access-deny = ("{") } }
else $HTTP["host"] =~ "(^|\\.)shop\\.example\\.com$" { server.document-root = "/srv/shop" }
$HTTP["host"] == "b.example.com" { server.document-root = "/srv/b" }
`;

describe("what lighttpd says of its config", needs("lighttpd"), () => {
  async function printed(config: string): Promise<string> {
    return inFolder(async (folder) => {
      const file = path.join(folder, "lighttpd.conf");
      writeFileSync(file, config);
      const { code, stdout, stderr } = await runProgram("/usr/sbin/lighttpd", ["-p", "-f", file]);
      assert.equal(code, 0, stderr);
      return stdout;
    });
  }

  test("is read from what a real lighttpd prints, and becomes a spec that is valid", async () => {
    const include = readLighttpdDump(await printed(CONFIG));
    const listens = [
      { address: "127.0.0.1:8081", tls: false },
      { address: "[::1]:8081", tls: false },
      { address: "0.0.0.0:8443", tls: true },
    ];
    assert.equal(include.pidFile, "/run/other.pid");
    assert.deepEqual(
      include.sites,
      ["tls.example.com", "www.example.com", "b.example.com"].map((name) => ({ hosts: [name], listens })),
    );
    const spec = parseSpec(starterSpec("lighttpd", { include }), "/etc/fence/fence.toml", () => "");
    assert.equal(spec.sites.length, 3);
  });

  test("is little where the config says little", async () => {
    const include = readLighttpdDump(await printed('server.document-root = "/var/www"\n'));
    assert.deepEqual(include, { pidFile: null, sites: [] });
  });
});
