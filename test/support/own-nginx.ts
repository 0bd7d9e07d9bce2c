import assert from "node:assert/strict";
import { parseNginxDump } from "../../src/servers/nginx-parse.js";
import { wiredFindings } from "../../src/servers/nginx-wired.js";
import { parseSpec } from "../../src/spec/parse.js";

export const ENTER = "include /o/web/enter.main.conf;";
export const PASS = "proxy_pass http://$fence_main_upstream;";
export const HERE = `${ENTER} ${PASS}`;
export const HOST = "proxy_set_header Host $host; proxy_read_timeout 65s;";

/** What fence renders, as far as it matters here. */
export const RENDERED = `# configuration file /o/web/gate.http.conf:
limit_conn_zone $fence_nobody zone=fence_nobody_conn:32k;
include /o/web/live.http.conf;
include /o/web/hold.http.conf;
# configuration file /o/web/live.http.conf:
upstream fence_app { server 127.0.0.1:3000; server unix:/run/app.sock; server app.internal:8080; }
# configuration file /o/web/hold.http.conf:
limit_conn_zone $fence_main_count zone=fence_main_inflight:32k;
upstream fence_main_wait_app { server unix:/r/gate/web.main.sock; }
map $fence_main_do $fence_main_upstream { volatile; default fence_app; down fence_main_wait_app; }
# configuration file /o/web/gate.main.conf:
set $fence_main_do "";
error_page 597 =503 /./fence/main/down.html;
location ^~ /./fence/main/ { internal; limit_conn fence_nobody_conn 1; }
location = /./fence/main/fewer/1 { internal; limit_conn fence_main_inflight 1; }
# configuration file /o/web/enter.main.conf:
limit_conn fence_main_inflight 65535;
`;
const ENTER_SECTION = /# [^\n]*enter\.main\.conf:[^]*/;

export interface Config {
  http?: string;
  server?: string;
  /** Of what stands below /etc/nginx, by name. */
  files?: Record<string, string>;
  upstreamLines?: string;
  siteLines?: string;
  rendered?: string;
  gate?: string;
}

/** The config begins in line 1, with what is in `http` in line 2 and what is in the server block in line 5. */
function dumpOf({
  http = "",
  server = "",
  files = {},
  rendered = RENDERED,
  gate = "gate.main.conf",
}: Config): string {
  const more = Object.entries(files).map(
    ([name, text]) => `# configuration file /etc/nginx/${name}:\n${text}\n`,
  );
  const own = `# configuration file /etc/nginx/nginx.conf:
events { } http { include /o/web/gate.http.conf;
${http}
server { include /o/web/${gate}; server_name main.test;

${server}
} }
${more.join("")}`;
  return own + (own.includes(ENTER) ? rendered : rendered.replace(ENTER_SECTION, ""));
}

export function told(config: Config): string[] {
  const text = `state_dir = "/s"\nrun_dir = "/r"\noutput = "/o"
[server.web]\nkind = "nginx"\nconfig = "include"\nlisten = ["127.0.0.1:80"]
[site.main]\nhosts = ["main.test"]\nupstream = "app"\n${config.siteLines ?? ""}
[upstream.app]\nbackends = ["127.0.0.1:3000", "unix:/run/app.sock", "app.internal:8080", "[::1]:3001"]
${config.upstreamLines ?? ""}\n`;
  const spec = parseSpec(text, "/etc/fence.toml", () => "");
  const [server] = spec.servers;
  const [site] = spec.sites;
  assert.ok(server && site);
  const read = parseNginxDump(dumpOf(config));
  assert.ok(read);
  assert.equal(read.problem, null);
  return wiredFindings(spec, server, site, read).map(({ level, sentence }) => `${level} ${sentence}`);
}

/** One finding, which begins so and says so. */
export function assertTold(config: Config, begin: string, ...parts: RegExp[]): void {
  const found = told(config);
  const one = found.find((sentence) => sentence.startsWith(begin));
  assert.ok(one !== undefined, `${begin}\n${JSON.stringify(config)}\n${found.join("\n")}`);
  for (const part of parts) assert.match(one, part);
}

export function assertFine(config: Config): void {
  assert.deepEqual(told(config), [], JSON.stringify(config));
}

/** @param rest in the location */
export const location = (rest: string): Config => ({ server: `location / { ${HOST} ${rest} }` });
export const AT = "refuse /etc/nginx/nginx.conf:5:";
