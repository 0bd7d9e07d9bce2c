import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../src/base/process-info.js";
import type { Address, WebServerKind } from "../../src/spec/types.js";
import { SupervisorClient } from "../../src/workers/client.js";
import type { KeeperRecord } from "../../src/workers/keeper-types.js";
import type { SetFacts, StatusFacts } from "../../src/workers/types.js";
import { readyQuestion } from "../../src/workers/ready.js";
import { fence, FENCE, type Ended } from "../cli/run-fence.js";
import { needs } from "./needs.js";
import { WORKER_PROGRAMS, type WorkerProgram } from "./worker-programs.js";
import { freePort, startRendered, until, type RenderedServer } from "./world.js";

/** How the Perl program behaves; it reads it once, at its start, as code is read. */
export type Behaviour = "good" | "new" | "die" | "hang" | "half" | "500" | "ignore" | "late" | "curt";

export interface WorkersOptions {
  program: keyof typeof WORKER_PROGRAMS;
  socket: "unix" | "tcp";
  /** Kind of the server whose site forwards to the worker; it is started by `startFront`. Default: proxy. */
  front?: WebServerKind;
  /** Further lines of `[worker.app]`. */
  lines?: string;
  count?: number;
}

/** A spec with one worker, driven through the fence program as a user would. */
export interface WorkersWorld {
  folder: string;
  /** As the spec has it. */
  address: string;
  /** What it answers well to. */
  path: string;
  /** Of the server in front. */
  port: number;
  fence(...args: string[]): Promise<Ended>;
  /** `fence workers ...`, which must end with 0. */
  workers(...args: string[]): Promise<Ended>;
  /** The same as `fence workers graceful app`, without a program for each. */
  graceful(): Promise<void>;
  behave(how: Behaviour): void;
  writeSpec(lines: string): void;
  /** What the supervisor tells; null: none runs. */
  look(): Promise<StatusFacts | null>;
  /** The same of one that must run. */
  status(): Promise<StatusFacts>;
  set(): Promise<SetFacts>;
  /** Pids of those that take requests. */
  pids(): Promise<number[]>;
  record(): KeeperRecord;
  log(): string;
  end(): Promise<void>;
}

/** Options of a test with such workers. */
export function needsOf({ program, front = "proxy" }: WorkersOptions): { skip: string | false } {
  return needs("root", ...(front === "proxy" ? [] : [front]), ...WORKER_PROGRAMS[program].needs);
}

export async function createWorkers(options: WorkersOptions): Promise<WorkersWorld> {
  const folder = mkdtempSync(join(tmpdir(), "fence-workers-"));
  chmodSync(folder, 0o755);
  for (const name of ["root", "sockets"]) mkdirSync(join(folder, name));
  const program: WorkerProgram = WORKER_PROGRAMS[options.program];
  writeFileSync(join(folder, "root", program.file), program.text);
  const port = await freePort();
  const address =
    options.socket === "unix" ? `unix:${folder}/sockets/app.sock` : `127.0.0.1:${await freePort()}`;
  const specFile = join(folder, "fence.toml");
  const recordFile = join(folder, "run/_workers/keeper.json");
  const connect = () => SupervisorClient.connect(join(folder, "run/_workers"));
  const world: WorkersWorld = {
    folder,
    address,
    path: program.path,
    port,
    fence: (...args) => fence(["-c", specFile, ...args]),
    async workers(...args) {
      const ended = await world.fence("workers", ...args);
      if (ended.code !== 0)
        throw new Error(`fence workers ${args.join(" ")}: ${ended.code}\n${ended.stderr}${world.log()}`);
      return ended;
    },
    async graceful() {
      const client = await connect();
      const outcomes = await client?.command("graceful", "app").finally(() => client.close());
      if (outcomes?.[0]?.result !== "done" || outcomes[0].cut > 0)
        throw new Error(`${JSON.stringify(outcomes)}\n${world.log()}`);
    },
    behave: (behaviour) => writeFileSync(join(folder, "how"), `${behaviour}\n`),
    writeSpec: (lines) => writeFileSync(specFile, specText(world, options, program, lines)),
    async look() {
      const client = await connect();
      if (client === null) return null;
      // It may be killed while it is asked.
      const asked = client.status(null).catch(() => null);
      return asked.finally(() => client.close());
    },
    async status() {
      const facts = await world.look();
      if (facts === null) throw new Error(`no supervisor runs\n${world.log()}`);
      return facts;
    },
    async set() {
      const [set] = (await world.status()).sets;
      if (set === undefined) throw new Error("no set");
      return set;
    },
    pids: async () =>
      (await world.set()).processes.filter(({ state }) => state === "runs").map(({ pid }) => pid),
    record: () => JSON.parse(readFileSync(recordFile, "utf8")) as KeeperRecord,
    log: () => {
      const file = join(folder, "run/_workers/workers.log");
      return existsSync(file) ? readFileSync(file, "utf8") : "";
    },
    async end() {
      if ((await world.look()) !== null) await world.fence("workers", "stop");
      if (existsSync(recordFile)) killAll(world.record());
      rmSync(folder, { recursive: true, force: true });
    },
  };
  world.behave("good");
  world.writeSpec(options.lines ?? "");
  return world;
}

/** What a test that failed in the middle has left. */
function killAll(record: KeeperRecord): void {
  for (const { pid, start } of record.processes) if (isAlive(pid, start)) process.kill(-pid, "SIGKILL");
  if (isAlive(record.pid, record.start)) process.kill(record.pid, "SIGKILL");
}

function specText(
  { folder, address, port }: Pick<WorkersWorld, "folder" | "address" | "port">,
  { socket, front = "proxy", count = 2 }: WorkersOptions,
  { command, file, env, protocol, path, hasScripts }: WorkerProgram,
  lines: string,
): string {
  const place = socket === "unix" ? `{ address = "${address}", mode = "0666" }` : `"${address}"`;
  const variables = Object.entries({ ...env, APP_HOW: `${folder}/how`, APP_NOTE: "note" });
  const cgi =
    protocol === "http" ? "" : `cgi = { root = "${folder}/root"${hasScripts ? "" : ", split = []"} }`;
  return `state_dir = "state"
run_dir = "run"
output = "rendered"
[server.web]
kind = "${front}"
listen = ["127.0.0.1:${port}"]
${front === "proxy" ? "" : `user = "www-data"`}
[site.main]
hosts = ["main.test"]
upstream = "worker:app"
[worker.app]
command = ${JSON.stringify(command(`${folder}/root/${file}`))}
protocol = "${protocol}"
socket = ${place}
count = ${count}
env = { ${variables.map(([name, value]) => `${name} = "${value}"`).join(", ")} }
${lines.includes("ready =") ? "" : `ready = { path = "${path}", timeout = "60s" }`}
${cgi}
${lines}
`;
}

/** The server in front, with the config that fence renders. The workers run. */
export async function startFront(world: WorkersWorld, kind: WebServerKind): Promise<RenderedServer> {
  const applied = await world.fence("apply");
  if (applied.code !== 0) throw new Error(`fence apply: ${applied.code}\n${applied.stderr}`);
  return startRendered(kind, world);
}

/** The supervisor in the foreground, as systemd runs it; the caller ends it. */
export function superviseInForeground({ folder }: WorkersWorld): ChildProcess {
  return spawn(process.execPath, [FENCE, "-c", join(folder, "fence.toml"), "workers", "run"], {
    stdio: ["ignore", "ignore", "ignore"],
  });
}

/** Asks the worker itself what it must answer well, past any server. @param path another than it was asked when it started */
export async function askWorker(world: WorkersWorld, path: string | null = null): Promise<void> {
  const known = world.record().notes["app"]?.current?.worker;
  if (known === undefined) throw new Error("no worker was ever started");
  const { question } = known.ready;
  const asked = path === null || question === null ? question : { ...question, path };
  const worker = { ...known, ready: { ...known.ready, question: asked } };
  const { socket } = worker;
  const place: Address = socket.kind === "unix" ? socket : { ...socket, host: socket.address };
  // The question by itself keeps no process from its end.
  const stays = setInterval(() => {}, 1000);
  try {
    await readyQuestion(worker)(place, 30_000);
  } finally {
    clearInterval(stays);
  }
}

/** Waits until all processes of the set take requests. */
export function untilRuns(world: WorkersWorld): Promise<void> {
  return until("the workers to run", async () => (await world.look())?.sets[0]?.state === "runs");
}
