import type { Site, Spec } from "../spec/types.js";
import type { ServerAdapter } from "./adapter.js";
import { gateDoors } from "./gate-doors.js";
import { activePath, controlSocket } from "./nginx-sites.js";
import { nginxVariant } from "./nginx-variant.js";
import { folderPoint, wiring } from "./nginx.js";
import { proxy } from "./proxy.js";

/** Of `gate.json`. */
const GATE_SCHEMA = "fence/gate@1";

/** The gate that has requests wait for servers that cannot. It serves by `gate.json`; a variant is that of the proxy. */
export const gate: ServerAdapter = {
  kind: "gate",
  modes: ["up", "down", "hold"],
  encoders: proxy.encoders,

  files(spec, server) {
    const document = {
      schema: GATE_SCHEMA,
      pidFile: server.pidFile,
      controlSocket: controlSocket(spec, server),
      sites: gatedSites(spec).map((site) => ({
        name: site.name,
        active: activePath(spec, server, site),
        doors: gateDoors(spec).filter((door) => door.site === site.name),
      })),
    };
    return [wiring("gate.json", "gate/gate.json", { document: JSON.stringify(document, null, 2) })];
  },

  switchPoint(spec, server, site) {
    return folderPoint("gate", spec, server, site, controlSocket(spec, server));
  },

  variant: (_spec, _server, site, values) => nginxVariant(site, values),

  configTest: () => null,
  // The workers of the servers walk through it to the doors; each door is open to one user alone.
  runFolder: () => ({ mode: 0o711, pidFileOwner: null }),
  reloadSignal: "SIGTERM",
  reloadShows: "nothing",
  version: null,
  unfit: () => [],
  limits: () => [],
};

/** Sites that some server holds through the gate. */
export function gatedSites(spec: Spec): Site[] {
  const names = new Set(gateDoors(spec).map(({ site }) => site));
  return spec.sites.filter(({ name }) => names.has(name));
}
