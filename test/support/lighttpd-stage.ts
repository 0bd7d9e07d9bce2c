import { execFileSync } from "node:child_process";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { after, before } from "node:test";
import type { Mode } from "../../src/base/mode.js";
import type { Exceptions, Listen, ModeValues, Server, Site, Spec } from "../../src/spec/types.js";
import {
  install,
  modeValues,
  remove,
  serverOn,
  siteNamed,
  specOf,
  startLighttpd,
  switchTo,
  temporaryFolder,
  type RunningLighttpd,
  type SiteParts,
} from "./lighttpd.js";
import { ask, type Ask } from "./ask.js";
import { freePort } from "./world.js";
import { upstreamOf } from "./spec-parts.js";
import { httpAt, httpsAt } from "./listen.js";

/** One lighttpd with two sites, main.test and other.test, in front of one backend that tells what reached it. */
export interface Stage {
  folder: string;
  port: number;
  port6: number;
  /** 0 without TLS. */
  tlsPort: number;
  running: RunningLighttpd;
  site: Site;
  /** `METHOD URL` of every request the backend got, since the last call. */
  reached(): string[];
  /** The Cookie field of the last of them. */
  cookie(): string | undefined;
  /** Ends the backend's connections and lets nothing listen in its place. */
  killBackend(): Promise<void>;
  switch(mode: Mode, more?: Partial<ModeValues>): Promise<void>;
  end(): Promise<void>;
}

export interface StageOptions {
  main?: SiteParts | ((folder: string) => SiteParts);
  server?: Partial<Server>;
  tls?: boolean;
}

export async function createStage(options: StageOptions = {}): Promise<Stage> {
  const folder = temporaryFolder();
  const [port, port6, tlsPort] = [await freePort(), await freePort(), options.tls ? await freePort() : 0];
  const listen: Listen[] = [httpAt(port), httpAt(port6, "::1")];
  if (options.tls) listen.push(httpsAt(tlsPort, true));
  const server = serverOn(folder, port, { listen, ...options.server });
  const tls = options.tls ? selfSigned(folder) : null;
  const parts = typeof options.main === "function" ? options.main(folder) : (options.main ?? {});
  const main = siteNamed("main", server, { tls, ...parts });
  const other = siteNamed("other", server, { tls });
  const backend = await startBackend();
  const upstream = upstreamOf("app", [{ kind: "tcp", host: "127.0.0.1", port: backend.port }]);
  const spec: Spec = specOf(folder, [server], [main, other], [upstream]);
  install(spec, server);
  const running = await startLighttpd(`${spec.outputDir}/web/lighttpd.conf`, server.pidFile);
  let generation = 1;
  return {
    folder,
    port,
    port6,
    tlsPort,
    running,
    site: main,
    reached: () => backend.reached.splice(0),
    cookie: () => backend.cookie(),
    killBackend: () => backend.kill(),
    switch(mode, more) {
      generation += 1;
      return switchTo(spec, server, main, modeValues(mode, generation, more), running.masterPid);
    },
    async end() {
      await running.stop();
      await backend.kill();
      remove(folder);
    },
  };
}

async function startBackend() {
  const reached: string[] = [];
  let cookie: string | undefined;
  const server = http.createServer((request, response) => {
    reached.push(`${request.method} ${request.url}`);
    ({ cookie } = request.headers);
    request.resume().on("end", () => response.end("live\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    reached,
    cookie: () => cookie,
    kill: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function selfSigned(folder: string): { certificate: string; key: string } {
  const files = { certificate: `${folder}/cert.pem`, key: `${folder}/key.pem` };
  const subject = ["-subj", "/CN=main.test", "-days", "2", "-nodes"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  execFileSync(
    "openssl",
    ["req", "-x509", ...key, ...subject, "-keyout", files.key, "-out", files.certificate],
    { stdio: "ignore" },
  );
  return files;
}

/** Options of a stage whose main site has these exceptions, and goes down on these paths. */
export function excepting(exceptions: Partial<Exceptions>, paths = ["/"]): StageOptions {
  return { main: { exceptions, maintenance: { paths } } };
}

/** For one suite: a stage that is down; `get` tells "live", "down", or status and body of another answer. */
export function stagedDown(options: StageOptions): { get: (more?: Partial<Ask>) => Promise<string> } {
  let stage: Stage;
  before(async () => {
    stage = await createStage(options);
    await stage.switch("down");
  });
  after(() => stage.end());
  return {
    async get(more = {}) {
      const answer = await ask({
        port: stage.port,
        ...more,
        headers: { Host: "main.test", ...more.headers },
      });
      if (answer.headers["x-maintenance-mode"] === "1") return "down";
      return answer.body === "live\n" ? "live" : `${answer.status} ${answer.body}`;
    },
  };
}
