import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Cidr, Listen, Spec } from "../../src/spec/types.js";
import { ask, type Answer, type Ask } from "./http-answer.js";
import { nginxSpec, siteOf, startNginx, type Backend, type NginxKind, type NginxWorld } from "./nginx.js";
import { upstreamOf } from "./spec-parts.js";
import { httpAt, httpsAt } from "./listen.js";

export const runProgram = promisify(execFile);

export interface Contract {
  kind: NginxKind;
  world: NginxWorld;
  port: number;
  tlsPort: number;
  ask(options: Partial<Ask>): Promise<Answer>;
}

const cidr = (text: string, family: 4 | 6 = 4): Cidr => ({ family, text, first: "", last: "" });

export const ORIGIN = "https://app.example.com";

/** One nginx with the sites that the contract is checked on; all are up. Uses `port` and the next one. */
export async function startContract(kind: NginxKind, port: number): Promise<Contract> {
  const tlsPort = port + 1;
  const listen: Listen[] = [httpAt(port), httpAt(port, "::1")];
  const world = await startNginx(prepared(kind, listen, tlsPort));
  return {
    kind,
    world,
    port,
    tlsPort,
    ask: (options) => ask({ port, host: "main.test", ...options }),
  };
}

function prepared(kind: NginxKind, listen: Listen[], tlsPort: number) {
  return async (folder: string, backend: Backend): Promise<Spec> => {
    const certificate = join(folder, "cert.pem");
    const key = join(folder, "key.pem");
    const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=tls.test", "-days", "2"];
    await runProgram("openssl", [...args, "-keyout", key, "-out", certificate]);
    const files = join(folder, 'a $folder "with" marks');
    mkdirSync(join(files, "sub"), { recursive: true });
    writeFileSync(join(files, "a.css"), "a{}\n");
    writeFileSync(join(files, "sub/b c.txt"), "b\n");
    const sites = [
      siteOf("main", {
        hosts: ["main.test", "*.main.test"],
        routes: [
          {
            path: "/files/",
            dir: files,
            fallback: { base: "https://bucket.test/x", append: "path" },
            precompressed: false,
          },
          {
            path: "/last/",
            dir: files,
            fallback: { base: "https://bucket.test", append: "last-segment" },
            precompressed: false,
          },
          { path: "/plain/", dir: files, fallback: null, precompressed: false },
        ],
        exceptions: {
          allow: [cidr("127.0.0.9/32"), cidr("192.0.2.0/24"), cidr("127.0.0.5/32"), cidr("2001:db8::/32", 6)],
          trustedProxies: [cidr("127.0.0.5/32"), cidr("127.0.0.6/32")],
          pass: [
            { match: "prefix", value: "/webhooks" },
            { match: "prefix", value: "/legal/" },
            { match: "exact", value: "/status" },
            { match: "regex", value: "^/v[0-9]{1,3}/ping$" },
          ],
          acme: true,
          health: { path: "/health", whileDown: "ok" },
        },
        maintenance: {
          ...siteOf("x").maintenance,
          headers: [{ name: "Strict-Transport-Security", value: 'max-age=1; note="$1 \\ {}"' }],
          corsOrigins: [ORIGIN],
        },
      }),
      siteOf("health-pass", {
        exceptions: { ...siteOf("x").exceptions, health: { path: "/health", whileDown: "pass" } },
      }),
      siteOf("health-down", {
        exceptions: {
          ...siteOf("x").exceptions,
          allow: [cidr("0.0.0.0/0")],
          health: { path: "/health", whileDown: "down" },
        },
      }),
      siteOf("scoped", {
        maintenance: { ...siteOf("x").maintenance, paths: ["/api", "/shop/"], status: 500 },
      }),
      siteOf("six", { exceptions: { ...siteOf("x").exceptions, allow: [cidr("::1/128", 6)], acme: false } }),
      siteOf("other"),
      siteOf("dead", { upstream: "gone" }),
      siteOf("tls", {
        tls: { certificate, key },
        listen: { web: [httpsAt(tlsPort, true)] },
      }),
    ];
    const spec = nginxSpec(kind, folder, backend.port, listen, sites);
    const gone = upstreamOf("gone", [{ kind: "tcp", host: "127.0.0.1", port: 9 }]);
    return { ...spec, upstreams: [...spec.upstreams, gone] };
  };
}
