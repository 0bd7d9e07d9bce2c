import { describe, test } from "node:test";
import { ENTER, PASS, HERE, HOST, RENDERED, assertTold, assertFine, location } from "../support/own-nginx.js";

describe("a config of the user's own", () => {
  test("is fine when all that goes to the backends is counted and may wait", () => {
    assertFine(location(HERE));
    assertFine({ http: HOST, server: `location / { try_files $uri @app; } location @app { ${HERE} }` });
    assertFine({ server: `${HOST} ${ENTER} location / { ${PASS} location /in/ { ${PASS} } }` });
    assertFine(location(`${ENTER} proxy_pass http://\${fence_main_upstream};`));
    assertFine(location(`limit_conn fence_main_inflight 65535; limit_conn per_ip 10; ${PASS}`));
    assertFine({ ...location(HERE), http: `server { server_name other.test; location / { return 204; } }` });
  });

  test("is refused without the gate, without what is included at the http level, and without a pass", () => {
    const other = RENDERED.replaceAll("gate.main", "gate.x");
    assertTold(
      { rendered: other, gate: "gate.x.conf" },
      "refuse no server block has the gate",
      /gate\.main\.conf/,
    );
    const unheld = RENDERED.replace("include /o/web/hold.http.conf;", "").replace(
      /# [^\n]*hold\.http\.conf:[^#]*/,
      "",
    );
    assertTold(
      { ...location(HERE), rendered: unheld },
      "refuse hold.http.conf is not read",
      /gate\.http\.conf/,
    );
    assertTold(
      location("return 204;"),
      "refuse no location of main passes to $fence_main_upstream",
      /enter\.main\.conf/,
    );
    assertTold(
      { upstreamLines: 'protocol = "scgi"', server: "location / { }" },
      "refuse no location",
      /scgi_pass \$fence_main_upstream;/,
    );
  });

  test("is read with its files at their places", () => {
    const files = {
      "sites/a.conf": `\n\nlocation / {\n  proxy_pass\n    http://own;\n}`,
      "up/x": "upstream own { server localhost:3000; }",
    };
    const config = { http: "include up/?;", server: `include /etc/nginx/sites/[a-c].con*;`, files };
    assertTold(config, "refuse /etc/nginx/sites/a.conf:4:", /http:\/\/own is a backend/);
  });
});
