import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ENTER,
  HERE,
  HOST,
  type Config,
  told,
  assertTold,
  assertFine,
  location,
  AT,
} from "../support/own-nginx.js";

describe("what a config of the user's own counts", () => {
  test("is refused when a request may be counted elsewhere before", () => {
    const at = (server: string, http = ""): Config => ({
      http,
      server: `${server}\nlocation @app { ${HOST} limit_conn per_ip 9; ${HERE} }`,
    });
    assertTold(
      at("location / { limit_conn per_ip 9; try_files $uri @app; }"),
      AT,
      /by the first limit_conn/,
      /beside it/,
    );
    assertTold(at("limit_conn per_ip 9; location / { }"), AT, /in effect in location \//);
    assertTold(at("limit_conn per_ip 9;"), AT, /in effect in the server block/);
    assertTold(at("", "limit_conn per_ip 9;"), "refuse /etc/nginx/nginx.conf:2:", /in its server block/);
    assertFine(at("location / { limit_conn per_ip 9; limit_conn fence_main_inflight 65535; }"));
    assertFine(at("limit_conn per_ip 9; location / { return 301 /x; }"));
    assertFine(at("location / { limit_conn fence_nobody_conn 1; }"));
    assert.equal(told(at("limit_conn per_ip 9; location / { } location /a { } location /b { }")).length, 1);
  });

  test("is refused when a request may be kept before it is counted", () => {
    const at = (server: string): Config => ({ server: `${server} location / { ${HOST} ${HERE} }` });
    assertTold(at("limit_req zone=a burst=5;"), AT, /limit_req a .* nodelay/);
    assertTold(at("limit_req zone=a burst=5 delay=2;"), AT, /nodelay/);
    assertTold(at("location /a { limit_req burst=5 zone=a; }"), AT, /in location \/a/);
    assertFine(at("limit_req zone=a burst=5 nodelay;"));
    assertFine(at("limit_req zone=a;"));
    assertFine(at("limit_req zone=fence_nobody_req burst=5;"));
    assertFine(at("limit_req zone=a burst=5; limit_req_dry_run on;"));
    assertFine(at("location /a { limit_req zone=a burst=5; return 204; }"));
    assertTold(at("location /a { limit_req zone=a burst=5; if ($arg_a) { return 204; } return 404; }"), AT);

    for (const keeper of [
      "modsecurity on;",
      "SecRulesEnabled;",
      "rewrite_by_lua_block { ngx.sleep(1) }",
      "server_rewrite_by_lua_file /x.lua;",
      "rewrite_by_lua 'ngx.sleep(1)';",
      "set_form_input $a b;",
    ]) {
      assertTold(
        at(keeper),
        AT,
        new RegExp(`^\\S+ \\S+ ${keeper.split(" ")[0]?.replace(";", "")} is in effect`),
      );
    }
    assertFine(at("modsecurity off;"));
    assertFine({ ...at("modsecurity off;"), http: "modsecurity on;" });
    assertTold(
      { ...at("location /a { modsecurity off; }"), http: "modsecurity on;" },
      "refuse /etc/nginx/nginx.conf:2:",
    );
    assertTold(
      { ...at(""), http: "rewrite_by_lua_block { } modsecurity on;" },
      "refuse /etc/nginx/nginx.conf:2: mod",
    );
    assertTold(location(`${HERE} if ($arg_a) { rewrite_by_lua_block { } }`), AT, /rewrite_by_lua_block/);
  });

  test("is refused when a request may be kept by a location that only then leads on to one that counts", () => {
    const at = (server: string): Config => ({ server: `${server} location @app { ${HOST} ${HERE} }` });
    assertTold(
      at("location / { auth_request /a; try_files $uri @app; }"),
      AT,
      /auth_request may keep/,
      /too\.$/,
    );
    assertTold(
      at("location / { access_by_lua_block { } error_page 404 = @app; }"),
      AT,
      /access_by_lua_block may keep/,
    );
    assertTold(
      at("error_page 502 @app; location / { proxy_pass http://10.0.0.1; }"),
      AT,
      /proxy_pass may keep/,
    );
    assertFine(at("location / { auth_request off; try_files $uri @app; }"));
    assertFine(at(`location / { ${ENTER} auth_request /a; try_files $uri @app; }`));
    assertFine(at("location / { auth_request /a; try_files $uri @other; } location @other { return 404; }"));
  });

  test("is refused when nginx would not tell fence how many requests are at the backends", () => {
    assertTold(
      { ...location(HERE), http: "limit_conn_dry_run on;" },
      "refuse /etc/nginx/nginx.conf:2:",
      /dry_run/,
    );
  });
});
