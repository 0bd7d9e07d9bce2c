import type { PlannedFile } from "../servers/adapter.js";
import { ident } from "../servers/ident.js";
import type { Spec } from "../spec/types.js";

/**
 * What systemd, or an init that runs scripts, starts at boot: each proxy, the workers, and a look each minute whether
 * all sites are as they were asked to be; and what logrotate is to do with the logs of the workers.
 */
export function unitFiles(spec: Spec): PlannedFile[] {
  const proxies = spec.servers.filter(({ kind }) => kind === "proxy");
  return [
    ...proxies.map(({ name }) =>
      unit(spec, `fence-proxy-${name}.service`, "host/proxy.service", { server: ident(name) }),
    ),
    ...(spec.workers.length === 0
      ? []
      : [
          unit(spec, "fence-workers.service", "host/workers.service", {}),
          { ...unit(spec, "fence-workers.init", "host/workers.init", {}), executable: true },
          // One that several workers write to may be named once.
          unit(spec, "fence-workers.logrotate", "host/workers.logrotate", {
            logs: [...new Set(spec.workers.map(({ log }) => log))],
          }),
        ]),
    unit(spec, "fence-watch.service", "host/watch.service", {
      opens: spec.sites.some(({ maintenance }) => maintenance.onExpiry === "up"),
    }),
    unit(spec, "fence-watch.timer", "host/watch.timer", {
      service: `${spec.outputDir}/fence-watch.service`,
    }),
  ];
}

function unit(spec: Spec, path: string, template: string, values: PlannedFile["values"]): PlannedFile {
  const common = { spec: spec.file, link: `${spec.outputDir}/${path}` };
  return { path, template, values: { ...common, ...values }, executable: false, wiring: false };
}
