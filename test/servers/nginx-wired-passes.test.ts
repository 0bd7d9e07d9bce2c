import { describe, test } from "node:test";
import {
  ENTER,
  PASS,
  HERE,
  HOST,
  type Config,
  assertTold,
  assertFine,
  location,
  AT,
} from "../support/own-nginx.js";

describe("what a config of the user's own passes on", () => {
  for (const target of [
    "http://127.0.0.1:3000",
    "http://localhost:3000/path",
    "http://LOCALHOST:3001",
    "http://[::1]:3001",
    "http://[0:0::1]:3001$request_uri",
    "http://0.0.0.0:3000",
    "http://unix:/run/app.sock",
    "http://unix:/run/app.sock:/path",
    "http://app.internal:8080/",
    "http://App.Internal.:8080/",
    "http://fence_app",
    "http://own",
    "http://OWN/path",
    "$scheme://own",
    "http://$set",
    "http://$mapped$request_uri",
    "$far",
    "grpc://own",
    "https://own",
  ]) {
    test(`is refused when a location passes to ${target}, a backend, past the gate`, () => {
      const name = target.startsWith("grpc") ? "grpc_pass" : "proxy_pass";
      const config = {
        http: `upstream own { least_conn; server 10.0.0.1; server app.internal:8080 weight=2; } map $uri $mapped { default 10.0.0.1; ~x own; }`,
        server: `set $set own; set $far http://$set; location / { ${HOST} ${HERE} }\nlocation /a { if ($uri = x) { ${name} ${target}; } }`,
      };
      assertTold(
        config,
        "refuse /etc/nginx/nginx.conf:6:",
        /is a backend of main/,
        /proxy_pass http:\/\/\$fence_main_upstream;/,
      );
    });
  }

  test("says of other passes that they do not wait, and refuses those that cannot be told apart", () => {
    const other = (target: string, http = ""): Config => ({
      http: `upstream own { server 10.0.0.1:3000; } ${http}`,
      server: `location / { ${HOST} ${HERE} } location /a { proxy_pass ${target}; }`,
    });
    for (const target of [
      "http://own",
      "http://127.0.0.1",
      "http://10.0.0.2:3000/$arg_x",
      "http://unix:/run/app.sock2",
    ])
      assertTold(other(target), "note /etc/nginx/nginx.conf:5:", /does not wait/);
    for (const target of ["http://$host", "http://$arg_x:3000", "http://127.0.0.1:$port", "$1"])
      assertTold(other(target), AT, /cannot be told/);
    // Lua sets it.
    assertTold(other("http://$lua", 'server { set $lua ""; }'), AT, /cannot be told/);
    const ungated = { ...location(HERE), http: "server { location / { proxy_pass http://fence_app; } }" };
    assertTold(ungated, "note /etc/nginx/nginx.conf:2:", /without the gate of main/);
  });

  test("is refused when what is passed on is not counted, perhaps because a limit hides it", () => {
    assertTold(location(PASS), AT, /in location \/ is not counted/, /include \/o\/web\/enter\.main\.conf;/);
    assertTold(
      { server: `${ENTER} ${HOST} location / { limit_conn per_ip 9; ${PASS} }` },
      AT,
      /nginx adds none/,
    );
    assertTold(location(`if ($arg_a) { ${PASS} }`), AT, /in if \(\$arg_a\) in location \/ is not counted/);
    assertTold(location(`${ENTER} location /in/ { limit_conn per_ip 9; ${PASS} }`), AT);
    assertFine(location(`${ENTER} if ($arg_a) { ${PASS} }`));
    assertFine(location(`${ENTER} limit_except GET { ${PASS} }`));
  });

  test("is refused when the backend would be asked in another way than it is to be", () => {
    assertTold(location(`${ENTER} proxy_pass https://$fence_main_upstream;`), AT, /without TLS/);
    assertTold(location(`${ENTER} proxy_pass http://$fence_main_upstream/a;`), AT, /is more than/);
    assertTold(location(`${ENTER} proxy_pass http://$fence_main_upstream$uri;`), AT, /is more than/);
    assertTold(
      location(`${ENTER} fastcgi_pass $fence_main_upstream;`),
      AT,
      /speak http, not what fastcgi_pass says/,
    );
    assertTold(location(`${ENTER} grpc_pass grpc://$fence_main_upstream;`), AT, /speak http/);
    assertTold(location(`${ENTER} proxy_pass http://$fence_main_upstream2;`), AT, /cannot be told/);
    const upstreamLines = 'protocol = "uwsgi"';
    assertTold({ upstreamLines, ...location(HERE) }, AT, /uwsgi_pass \$fence_main_upstream;/);
    const server = `location / { ${ENTER} uwsgi_read_timeout 35s; uwsgi_pass uwsgi://$fence_main_upstream; }`;
    assertFine({ upstreamLines, server });
  });

  test("is refused when the backend would be told another host while it is held", () => {
    const at = (lines: string): Config => ({
      server: `location / { proxy_read_timeout 2m; ${lines} ${HERE} }`,
    });
    assertTold(at(""), AT, /no proxy_set_header Host is in effect/);
    assertTold(at("proxy_set_header X-A b;"), AT, /proxy_set_header Host \$host;/);
    assertTold({ ...at("proxy_set_header X-A b;"), http: HOST }, AT);
    assertTold(at("proxy_set_header Host $proxy_host;"), AT, /Host would be a name of fence's/);
    assertFine({ ...at(""), http: HOST });
    assertFine(at("proxy_set_header HOST $http_host;"));
  });

  test("says what clients get that wait for long or are turned away", () => {
    const host = "proxy_set_header Host $host;";
    const at = (lines: string, rest: Config = {}): Config => ({
      server: `location / { ${host} ${lines} ${HERE} }`,
      ...rest,
    });
    const noted = "note /etc/nginx/nginx.conf:5:";
    const siteLines = 'hold = { max_wait = "60s" }';
    assertFine(at(""));
    assertTold(at("", { siteLines }), noted, /504 to what has waited for 60s/, /proxy_read_timeout 65s;/);
    assertTold(at("proxy_read_timeout 34999ms;"), noted, /max_wait of main is 30s/);
    assertTold(at("", { http: "proxy_read_timeout 30;" }), noted, /waited for 30,/);
    assertFine(at("proxy_read_timeout '1m 5s';", { siteLines }));
    assertTold(at("proxy_ignore_headers Cache-Control X-Accel-Redirect;"), noted, /bare 503/);
    assertFine(at("proxy_ignore_headers Cache-Control;", { http: "proxy_ignore_headers X-Accel-Redirect;" }));
    assertTold(at("proxy_intercept_errors on; error_page 502 503 /down.html;"), noted, /this page/);
    assertFine(at("error_page 503 /down.html;"));
    assertFine(at("proxy_intercept_errors on; error_page 404 /503;"));
    assertTold(at("auth_request /auth;"), noted, /WebSocket/);
    assertFine(at("auth_request off;", { http: "auth_request /auth;" }));
  });
});
