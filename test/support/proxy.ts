import { readFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { writeAtomic } from "../../src/base/durable.js";
import { planOf } from "../../src/plan/plan.js";
import { createRenderer } from "../../src/render/render.js";
import { adapterOf } from "../../src/servers/registry.js";
import type { Backend, Site, Spec, Upstream } from "../../src/spec/types.js";
import type { StatusReport } from "../../src/proxy/status.js";
import { nginxSpec, siteOf, startNginx, type NginxWorld } from "./nginx.js";
import { freePort } from "./world.js";
import { upstreamOf, type Placed } from "./spec-parts.js";
import { httpAt } from "./listen.js";

export interface ProxyWorld extends NginxWorld {
  port: number;
  status(): Promise<StatusReport>;
  /** Peak of the memory of the process so far, in bytes. */
  memoryPeak(): number;
  /** Renders a changed spec, to be read at the next SIGHUP. */
  respec(change: (spec: Spec) => Spec): void;
}

export const tcp = (port: number): Backend => ({ kind: "tcp", host: "127.0.0.1", port, weight: 1 });

/** One proxy with the site main.test up; `backends` null: the backend that the world brings along. */
export async function startProxy(
  backends: readonly Placed[] | null,
  site: Partial<Site> = {},
  upstream: Partial<Upstream> = {},
): Promise<ProxyWorld> {
  const port = await freePort();
  const world = await startNginx((folder, backend) => {
    const listen = [httpAt(port)];
    const spec = nginxSpec("proxy", folder, backend.port, listen, [siteOf("main", site)]);
    return backends === null
      ? spec
      : { ...spec, upstreams: [{ ...upstreamOf("app", backends), ...upstream }] };
  });
  return withControl(world, port);
}

/** What a test asks of the process. */
export function withControl(world: NginxWorld, port: number): ProxyWorld {
  const renderer = createRenderer(adapterOf);
  let { spec } = world.plan;
  return Object.assign(world, {
    port,
    status: () => statusOf(join(world.folder, "run/web/control.sock")),
    memoryPeak() {
      const status = readFileSync(`/proc/${world.masterPid()}/status`, "utf8");
      return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
    },
    respec(change: (spec: Spec) => Spec) {
      spec = change(spec);
      const { files } = renderer.renderTree(planOf(spec, adapterOf));
      const document = files.find(({ path }) => path === "web/proxy.json");
      writeAtomic(join(spec.outputDir, "web/proxy.json"), document?.content ?? "", { mode: 0o644 });
    },
  });
}

function statusOf(socketPath: string): Promise<StatusReport> {
  return new Promise((resolve, reject) => {
    const request = http.get(
      { socketPath, path: "/status", agent: false, headers: { Host: "fence" } },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve(JSON.parse(text) as StatusReport));
      },
    );
    request.on("error", reject);
  });
}
