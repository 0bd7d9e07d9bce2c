import type { PlannedFile, ServerAdapter } from "../servers/adapter.js";
import type { Server, ServerKind, Site, Spec } from "../spec/types.js";
import { GATE_NAME } from "../base/gate-name.js";
import { gateServer } from "../servers/gate-doors.js";
import { gatedSites } from "../servers/gate.js";
import { ident } from "../servers/ident.js";
import { sitesOf } from "../servers/sites.js";
import type { Plan, PlannedRunFolder } from "./types.js";
import { unitFiles } from "./units.js";

/** What the spec asks for: the files of every server, and where each site's mode takes force. */
export function planOf(spec: Spec, adapterOf: (kind: ServerKind) => ServerAdapter): Plan {
  const files: PlannedFile[] = [];
  const switchPoints = [];
  for (const server of spec.servers) {
    const adapter = adapterOf(server.kind);
    for (const file of adapter.files(spec, server)) {
      files.push({ ...file, path: `${server.name}/${file.path}` });
    }
    for (const site of sitesOf(spec, server)) switchPoints.push(adapter.switchPoint(spec, server, site));
  }
  const gate = gateServer(spec);
  const gatePoints = [];
  if (gate !== null) {
    const adapter = adapterOf(gate.kind);
    for (const file of adapter.files(spec, gate)) files.push({ ...file, path: `${gate.name}/${file.path}` });
    for (const site of gatedSites(spec)) gatePoints.push(adapter.switchPoint(spec, gate, site));
  }
  for (const site of spec.sites) {
    for (const mode of ["down", "up"] as const) files.push(script(spec, site, mode));
  }
  const runFolders = [...spec.servers, ...(gate === null ? [] : [gate])].map((server) => ({
    ...adapterOf(server.kind).runFolder(server),
    path: `${spec.runDir}/${server.name}`,
    pidFile: server.pidFile,
  }));
  files.push(tmpfiles(spec, runFolders));
  files.push(...unitFiles(spec));
  return { spec, files, switchPoints, gatePoints, runFolders };
}

/** The two executables of the 2008 interface: `down` and `up`, one pair a site. */
function script(spec: Spec, site: Site, mode: "down" | "up"): PlannedFile {
  return {
    path: `scripts/${site.name}/${mode}`,
    template: "host/switch",
    values: { mode: ident(mode), site: ident(site.name), spec: spec.file },
    executable: true,
    wiring: false,
  };
}

/** A tmpfiles.d fragment: /run is empty after a boot, and a server that finds no folder for its socket does not start. */
function tmpfiles(spec: Spec, runFolders: readonly PlannedRunFolder[]): PlannedFile {
  return {
    path: "tmpfiles.conf",
    template: "host/tmpfiles.conf",
    values: {
      link: `${spec.outputDir}/tmpfiles.conf`,
      runDir: spec.runDir,
      folders: runFolders.map(({ path, mode, pidFile, pidFileOwner }) => ({
        path,
        mode: ident(mode.toString(8).padStart(4, "0")),
        pidFile: pidFileOwner === null ? null : { path: pidFile, owner: pidFileOwner },
      })),
    },
    executable: false,
    wiring: false,
  };
}

/** The server of this name. @throws Error when the spec has none: a programming error, names are checked on load. */
export function serverNamed(spec: Spec, name: string): Server {
  const server = name === GATE_NAME ? gateServer(spec) : spec.servers.find((one) => one.name === name);
  if (!server) throw new Error(`no server named ${name}`);
  return server;
}

/** The site of this name. @throws Error as `serverNamed`. */
export function siteNamed(spec: Spec, name: string): Site {
  const site = spec.sites.find((candidate) => candidate.name === name);
  if (!site) throw new Error(`no site named ${name}`);
  return site;
}
