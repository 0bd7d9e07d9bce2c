import assert from "node:assert/strict";
import { test } from "node:test";
import { adapterOf } from "../../src/servers/registry.js";
import type { Listen, ServerKind, Spec } from "../../src/spec/types.js";
import { httpAt, httpsAt } from "../support/listen.js";
import { nginxSpec, siteOf } from "../support/nginx.js";

const UNIX: Listen = { kind: "unix", path: "/run/web.sock", tls: false, http2: false, proxyProtocol: false };

/** What a server of this kind refuses of a spec with these listens. */
function refused(kind: ServerKind, listens: readonly Listen[]): string[] {
  const site = siteOf("main", { tls: { certificate: "/c", key: "/k" } });
  const base = nginxSpec("nginx", "/srv/fence", 8080, listens, [site]);
  const spec: Spec = { ...base, servers: base.servers.map((server) => ({ ...server, kind })) };
  const [server] = spec.servers;
  assert.ok(server);
  return adapterOf(kind)
    .limits(spec, server)
    .filter(({ level }) => level === "refuse")
    .map(({ sentence }) => sentence);
}

test("A kind refuses the listens that it is not written for, each with the kinds that can", () => {
  const behind = { ...httpAt(81), proxyProtocol: true };
  for (const kind of ["lighttpd", "nginx", "nginx-lua"] as const) {
    assert.deepEqual(refused(kind, [httpAt(80), UNIX, behind, httpsAt(443, true)]), [
      `unix:/run/web.sock: fence does not write a unix socket for ${kind}; only proxy can.`,
      `127.0.0.1:81: fence does not write the PROXY protocol for ${kind}; only proxy can.`,
    ]);
  }
});

test("lighttpd offers HTTP/2 wherever there is TLS, and nginx as the spec says", () => {
  assert.deepEqual(refused("lighttpd", [httpsAt(443, false)]), [
    "127.0.0.1:443: fence does not write TLS without HTTP/2 for lighttpd; nginx, nginx-lua and proxy can.",
  ]);
  assert.deepEqual(refused("nginx", [httpsAt(443, false)]), []);
  assert.deepEqual(refused("proxy", [httpsAt(443, false)]), []);
});
