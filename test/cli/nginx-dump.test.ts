import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { readNginxDump } from "../../src/cli/nginx-dump.js";
import { parseSpec } from "../../src/spec/parse.js";
import { starterSpec } from "../../src/spec/starter.js";
import { needs } from "../support/needs.js";
import { inFolder, runProgram } from "./run-fence.js";

/** As `nginx -T` prints it: each file by itself, also those that others include. */
const DUMP = `# configuration file /etc/nginx/nginx.conf:
user www-data;
pid /run/nginx.pid;
events { worker_connections 768; } # not { a block
http {
  log_format main '$remote_addr "{;}" $request';
  include /etc/nginx/sites-enabled/*;
  upstream app { server 127.0.0.1:8080; server 127.0.0.1:8081; }
  server {
    listen 80 default_server;
    listen [::]:80 default_server;
    server_name _;
  }
}
stream { server { listen 5432; proxy_pass db; } include streams/*; }

# configuration file /etc/nginx/sites-enabled/www:
server {
  listen 80;
  server_name www.example.com example.com;
  return 301 https://$host$request_uri;
}
server {
  listen 443 ssl http2;
  listen [::]:443 ssl;
  server_name WWW.example.com "example.com" ~^www\\d+\\.example\\.com$;
  location / { if ($scheme = http) { return 403; } proxy_pass http://app; }
  location = /lua { content_by_lua_block { ngx.say("a { b } ;", [[ } ]]) -- }
    local t = {} } }
}
# configuration file /etc/nginx/sites-enabled/shop:
server { listen 127.0.0.1:8080; listen unix:/run/shop.sock; server_name shop.example.com *.shop.example.com; }
server { listen *:8443 ssl; server_name shop.example.com; }
server { server_name "\${host}x"; listen 80; }
# configuration file /etc/nginx/streams/db:
server { listen 5433 ssl; server_name db.example.com; proxy_pass db; }
`;

describe("what nginx says of its config", () => {
  test("is read by server block: one site for a host, nothing for a redirect and for names that are none", () => {
    assert.deepEqual(readNginxDump(DUMP), {
      pidFile: "/run/nginx.pid",
      sites: [
        {
          hosts: ["www.example.com", "example.com"],
          listens: [
            { address: "0.0.0.0:443", tls: true },
            { address: "[::]:443", tls: true },
          ],
        },
        {
          hosts: ["shop.example.com", "*.shop.example.com"],
          listens: [
            { address: "127.0.0.1:8080", tls: false },
            { address: "0.0.0.0:8443", tls: true },
          ],
        },
      ],
    });
  });

  test("becomes a spec that is valid, in which each site listens where it does", () => {
    const include = readNginxDump(DUMP);
    assert.ok(include);
    const spec = parseSpec(starterSpec("nginx", { include }), "/etc/fence/fence.toml", () => "");
    assert.deepEqual(
      spec.sites.map(({ hosts, listen }) => [hosts[0], listen["web"]?.length]),
      [
        ["www.example.com", 2],
        ["shop.example.com", 2],
      ],
    );
    assert.equal(spec.servers[0]?.pidFile, "/run/nginx.pid");
    assert.equal(spec.servers[0]?.listen.length, 4);
  });

  test("is none when its braces are not in pairs", () => {
    for (const text of ["http {", "}", "http { } }"]) assert.equal(readNginxDump(text), null, text);
    assert.deepEqual(readNginxDump(""), { pidFile: null, sites: [] });
  });

  test("of a real nginx is what its files say", needs("nginx", "root"), async () => {
    await inFolder(async (folder) => {
      writeFileSync(
        path.join(folder, "site"),
        "server { listen 127.0.0.1:8099; server_name a.test; location / { return 204; } }",
      );
      const file = path.join(folder, "nginx.conf");
      writeFileSync(file, `pid ${folder}/pid;\nevents { }\nhttp { include ${folder}/site; }\n`);
      const { code, stdout, stderr } = await runProgram("/usr/sbin/nginx", ["-T", "-c", file]);
      assert.equal(code, 0, stderr);
      const listens = [{ address: "127.0.0.1:8099", tls: false }];
      const sites = [{ hosts: ["a.test"], listens }];
      assert.deepEqual(readNginxDump(stdout), { pidFile: `${folder}/pid`, sites });
    });
  });
});
