import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive, processInfo } from "../../src/base/process-info.js";
import { adapterOf } from "../../src/servers/registry.js";
import { parseSpec } from "../../src/spec/parse.js";
import { SERVER_KINDS, type WebServerKind } from "../../src/spec/types.js";
import { sync } from "../../src/verify/control-sync.js";
import { startPerlFastcgi, startPhpFpm, startUwsgi } from "../support/cgi-programs.js";
import { FENCE, freePort, gatePid, runFence, until } from "../support/world.js";
import { startBackends } from "./backends.js";
import { makeFiles } from "./made-files.js";
import type { Placeholders } from "./outcome.js";
import { sites, upstreams, type ParitySite, type Places } from "./sites.js";

export interface ParityWorld {
  folder: string;
  ports: Readonly<Record<WebServerKind, number>>;
  /** Why a kind does not serve a site: what `fence check` says. */
  refusal(kind: WebServerKind, site: string): string | null;
  requests(): number;
  /** Those that a backend of HTTP has received with `X-Row: NAME`. */
  requestsOf(row: string): number;
  /** Requests that wait, wherever they do. */
  waitingNow(): Promise<number>;
  /** What placeholders in the requests to a site stand for; of a site without a bypass, that of another one. */
  placeholders(site: string): Placeholders;
  /** Lets go of all that wait. */
  release(): Promise<void>;
  end(): Promise<void>;
}

/** One spec, every kind of server started on what fence wrote for it, and the sites down that should be. */
export async function startParity(): Promise<ParityWorld> {
  const folder = mkdtempSync(join(tmpdir(), "fence-parity-"));
  chmodSync(folder, 0o755);
  const backends = await startBackends();
  const php = await startPhpFpm();
  const perl = await startPerlFastcgi();
  const uwsgi = await startUwsgi();
  const servers: ChildProcess[] = [];
  const end = async (): Promise<void> => {
    await Promise.all(servers.map(stop));
    const gate = gatePid(folder);
    // It would wait for a while whether somebody needs it again.
    if (isAlive(gate, processInfo(gate)?.start ?? "")) process.kill(gate, "SIGUSR2");
    await Promise.all([php.end(), perl.end(), uwsgi.end()]);
    backends.end();
    rmSync(folder, { recursive: true, force: true });
  };
  makeFiles(folder, readFileSync(join(php.folder, "root/app.php"), "utf8"));
  const ports = {} as Record<WebServerKind, number>;
  for (const kind of SERVER_KINDS) ports[kind] = await freePort();
  const at: Places = {
    folder,
    port: backends.port,
    apiPort: backends.apiPort,
    deadPort: backends.deadPort,
    closingPort: backends.closingPort,
    php: php.socket("php.sock"),
    perl: perl.socket("perl.sock"),
    uwsgi: uwsgi.socket("uwsgi.sock"),
    scgi: uwsgi.socket("scgi.sock"),
  };
  try {
    const refusals = refusalsOf(folder, ports, at);
    const fence = await serveAll(folder, ports, at, refusals, servers);
    const held = namesIn("hold", at);
    const bypasses = new Map<string, string>();
    for (const site of PASSED) bypasses.set(site, await bypassOf(fence, site));
    return {
      folder,
      ports,
      refusal: (kind, site) => refusals.get(`${kind} ${site}`) ?? null,
      requests: () => backends.requests(),
      requestsOf: (row) => backends.requestsOf(row),
      async waitingNow() {
        const counts = WAITING_PLACES.flatMap((place) =>
          held.map(async (site) => {
            const report = await sync(`${folder}/run/${place}/control.sock`, site).catch(() => null);
            return report?.held?.count ?? 0;
          }),
        );
        return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
      },
      placeholders: (site) => ({ folder, bypass: bypasses.get(site) ?? bypasses.get("passes-down") ?? "" }),
      release: async () => void (await fence("release", ...held)),
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A command of fence that ends with 0, and what it prints. */
type Fence = (...args: string[]) => Promise<string>;

/** Sites with a bypass. */
const PASSED = ["passes-down", "passes-hold"];
/** Who has requests wait: the gate does for lighttpd and stock nginx. */
const WAITING_PLACES = ["gate", "nginx-lua", "proxy"];
const namesIn = (mode: ParitySite["mode"], at: Places): string[] =>
  sites(at)
    .filter((site) => site.mode === mode)
    .map(({ name }) => name);

/** The token of a new bypass. */
const bypassOf = async (fence: Fence, site: string): Promise<string> =>
  (await fence("bypass", "new", site)).trim().split("/").at(-1) ?? "";

/** @param servers those that were started, to be stopped whatever comes of the rest */
async function serveAll(
  folder: string,
  ports: Readonly<Record<WebServerKind, number>>,
  at: Places,
  refusals: ReadonlyMap<string, string>,
  servers: ChildProcess[],
): Promise<Fence> {
  const text = specText(folder, ports, at, (site) =>
    SERVER_KINDS.filter((kind) => !refusals.has(`${kind} ${site.name}`)),
  );
  const specFile = join(folder, "fence.toml");
  writeFileSync(specFile, text);
  const fence: Fence = async (...args) => {
    const { code, stdout, stderr } = await runFence(["-c", specFile, ...args]);
    if (code !== 0) throw new Error(`fence ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  };
  await fence("apply");
  for (const kind of SERVER_KINDS) servers.push(await start(kind, folder, specFile));
  await fence("down", ...namesIn("down", at), "--yes");
  // For longer than any run takes.
  await fence("hold", ...namesIn("hold", at), "--for", "2h", "--max-wait", "1h");
  return fence;
}

function specText(
  folder: string,
  ports: Readonly<Record<WebServerKind, number>>,
  at: Places,
  kindsOf: (site: ParitySite) => readonly WebServerKind[],
): string {
  const server = (kind: WebServerKind): string =>
    `[server.${kind}]\nkind = "${kind}"\nlisten = ["127.0.0.1:${ports[kind]}"]\n${kind === "proxy" ? "" : 'user = "www-data"\n'}`;
  const site = (one: ParitySite): string =>
    `[site.${one.name}]\nservers = ${JSON.stringify(kindsOf(one))}\n${one.lines}\n`;
  return `state_dir = "${folder}/state"\nrun_dir = "${folder}/run"\noutput = "${folder}/rendered"
${SERVER_KINDS.map(server).join("")}${upstreams(at)}${sites(at).map(site).join("")}`;
}

/** Of all sites on all kinds, key `kind site`: what a kind refuses. */
function refusalsOf(
  folder: string,
  ports: Readonly<Record<WebServerKind, number>>,
  at: Places,
): ReadonlyMap<string, string> {
  const text = specText(folder, ports, at, () => SERVER_KINDS);
  const spec = parseSpec(text, join(folder, "fence.toml"), () => "");
  return new Map(
    spec.servers.flatMap((server) =>
      adapterOf(server.kind)
        .limits(spec, server)
        .filter(({ level, site }) => level === "refuse" && site !== null)
        .map(({ site, sentence }) => [`${server.kind} ${site}`, sentence] as const),
    ),
  );
}

async function start(kind: WebServerKind, folder: string, specFile: string): Promise<ChildProcess> {
  const rendered = join(folder, "rendered", kind);
  const commands: Readonly<Record<WebServerKind, readonly string[]>> = {
    lighttpd: ["/usr/sbin/lighttpd", "-D", "-f", `${rendered}/lighttpd.conf`],
    "nginx-lua": ["/usr/sbin/nginx", "-c", `${rendered}/nginx.conf`, "-g", "daemon off;"],
    nginx: ["/usr/sbin/nginx", "-c", `${rendered}/nginx.conf`, "-g", "daemon off;"],
    proxy: [process.execPath, FENCE, "-c", specFile, "proxy", "run", "proxy"],
  };
  const [program = "", ...args] = commands[kind];
  // In a session of its own: lighttpd's master signals its whole process group when it ends.
  const child = spawn(program, args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += String(chunk)));
  const pidFile = join(folder, "run", kind, "server.pid");
  await until(`${kind} to start`, () => {
    if (child.exitCode !== null) throw new Error(`${kind} did not start: ${said}`);
    return existsSync(pidFile) && readFileSync(pidFile, "utf8").trim() !== "";
  });
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}
