import type { Listen } from "../../spec/types.js";
import type { ProxyConfig } from "../configuration.js";
import { listenName } from "../front/listener.js";
import { Log } from "../log.js";
import { Proxy, type Prepared } from "../proxy.js";
import { configOf } from "./document.js";
import {
  PROTOCOL,
  type Answered,
  type Answers,
  type Asked,
  type Delivery,
  type Identity,
  type Question,
} from "./messages.js";
import type { SocketHandle } from "../../base/bound-handle.js";
import { alreadyUsed, type SocketSource } from "./sockets.js";

/** Below 16 characters, so that it is also what /proc/PID/comm says: by it the workers of a proxy are known. */
process.title = "fence-worker";

/** The sockets that the supervisor has sent. */
class SentSockets implements SocketSource {
  private readonly unused = new Map<string, SocketHandle>();
  /** Were a handle collected, the descriptor that a listener has from it would be closed. */
  private readonly kept: SocketHandle[] = [];

  add(name: string, handle: SocketHandle): void {
    this.unused.set(name, handle);
    this.kept.push(handle);
  }

  take(listen: Listen): Promise<number> {
    const handle = this.unused.get(listenName(listen));
    if (handle === undefined) return Promise.reject(alreadyUsed(listen));
    this.unused.delete(listenName(listen));
    return Promise.resolve(handle.fd);
  }

  release(): void {
    // The supervisor has the socket, and its file, for all.
  }
}

const sockets = new SentSockets();
let proxy: Proxy | null = null;
let prepared: Prepared | null = null;
let isEnding = false;

function started(): Proxy {
  if (proxy === null) throw new Error("it was not started");
  return proxy;
}

function configFrom({ text, file, secrets }: Delivery): ProxyConfig {
  const read = (path: string): Buffer => {
    const secret = secrets[path];
    if (secret === undefined) throw new Error(`${path} was not delivered`);
    return Buffer.from(secret, "latin1");
  };
  return { ...configOf(text, file), read };
}

async function start(delivery: Delivery, identity: Identity | null, accessLog: boolean): Promise<void> {
  if (identity !== null) become(identity);
  const config = configFrom(delivery);
  const log = new Log(process.stderr, config.server.name);
  const made = new Proxy(config, log, accessLog ? process.stdout : null, sockets);
  await made.start();
  proxy = made;
}

/** For good: without root none of them can be undone. Groups first, for they need it. */
function become({ uid, gid, groups }: Identity): void {
  process.setgroups?.([...groups]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

async function answer(question: Question, handle: unknown): Promise<Answers[keyof Answers]> {
  switch (question.ask) {
    case "socket":
      sockets.add(question.name, handle as SocketHandle);
      return null;
    case "start":
      if (question.protocol !== PROTOCOL)
        throw new Error("the code on the disk is of another version: fence proxy upgrade");
      await start(question.delivery, question.identity, question.accessLog);
      return null;
    case "prepare":
      prepared = await started().prepare(configFrom(question.delivery));
      return null;
    case "commit":
      prepared?.commit();
      prepared = null;
      return null;
    case "abandon":
      prepared?.abandon();
      prepared = null;
      return null;
    case "sync":
      return started().sync(question.site);
    case "status":
      return started().status();
    case "metrics":
      return started().metrics();
    case "reopen":
      started().reopenLogs();
      return null;
    case "stop":
      void end(question.how);
      return null;
  }
}

async function end(how: "end" | "retire"): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  await proxy?.stop(how);
  process.exit(0);
}

function tell(answered: Answered): void {
  // Without a supervisor there is nobody to tell.
  if (process.connected) process.send?.(answered, undefined, undefined, () => {});
}

process.on("message", (message, handle) => {
  const asked = message as Asked;
  answer(asked, handle).then(
    (value) => tell({ id: asked.id, value }),
    (error: unknown) => tell({ id: asked.id, problem: (error as Error).message }),
  );
});
// A supervisor that died frees its sockets only with the last worker: the next one must be able to start at once.
process.on("disconnect", () => void end("end"));
process.on("SIGTERM", () => void end("end"));
// From a terminal, or from systemd, it is meant for the supervisor. SIGUSR1 would open Node's debugger.
for (const name of ["SIGINT", "SIGHUP", "SIGUSR1"] as const) process.on(name, () => {});
