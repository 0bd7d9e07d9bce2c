import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Listen, Site, Spec } from "../../src/spec/types.js";
import { nginxSpec, siteOf, startNginx, type NginxWorld } from "./nginx.js";
import { tcp, type ProxyWorld, withControl } from "./proxy.js";
import { upstreamOf } from "./spec-parts.js";

/** A certificate for main.test in a folder. */
export function certificateIn(folder: string): { certificate: string; key: string } {
  const paths = { certificate: join(folder, "main.pem"), key: join(folder, "main.key") };
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=main.test", "-days", "2"];
  execFileSync("openssl", [...args, "-keyout", paths.key, "-out", paths.certificate], { stdio: "ignore" });
  return paths;
}

/** One proxy with the site main.test up, on these listens and in front of one backend. */
export async function startFront(
  listens: (folder: string) => readonly Listen[],
  backendPort: number,
  site: Partial<Site> = {},
): Promise<NginxWorld & ProxyWorld> {
  const world = await startNginx((folder): Spec => {
    const main = siteOf("main", { tls: certificateIn(folder), ...site });
    const spec = nginxSpec("proxy", folder, backendPort, listens(folder), [main]);
    return { ...spec, upstreams: [upstreamOf("app", [tcp(backendPort)])] };
  });
  return withControl(world, 0);
}
