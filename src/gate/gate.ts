import { execFileSync } from "node:child_process";
import { monotonicMs } from "../base/clock.js";
import { findProgram, programEnv } from "../base/run.js";
import { ModeStore } from "../proxy/modes/mode-store.js";
import type { Log } from "../proxy/log.js";
import type { GateConfig } from "./configuration.js";
import { GateBackends } from "./backends.js";
import { Door } from "./door.js";
import { GatedSite } from "./gated-site.js";
import { refusalBytes } from "./refusal.js";
import { Relay } from "./relay.js";
import { workersUser } from "./workers-user.js";

/** Whoever is turned away has its answer from its own web server. */
const NO_ANSWER = { status: 503, header: "X", headers: [], corsOrigins: [], retryAfterSec: 1 };
const LOOK_MS = 250;
const STOP_LOOK_MS = 50;
/** What fence does between asking the gate to stay and sending it somebody takes no longer. */
const KEPT_MS = 300_000;

/** The sites whose web servers cannot hold by themselves, each with its doors. */
export class Gate {
  private readonly sites = new Map<string, GatedSite>();
  private readonly doors: Door[] = [];
  private timer: NodeJS.Timeout | null = null;
  /** Monotonic: since when nobody needs it; null: somebody does. */
  private idleSince: number | null = null;
  /** A fence is about to have it hold. */
  private isKept = false;
  private isClosed = false;
  private readonly lingerMs: number;

  constructor(
    private readonly config: GateConfig,
    private readonly log: Log,
  ) {
    this.lingerMs = Math.max(
      0,
      ...config.sites.flatMap(({ doors }) => doors.map(({ lingerMs }) => lingerMs)),
    );
    for (const { name, active, doors } of config.sites) {
      const site = new GatedSite(name, new ModeStore(active, NO_ANSWER), doors);
      this.sites.set(name, site);
      for (const { path, user, pidFile, backends: placed, refusal } of doors) {
        const backends = new GateBackends(placed);
        const owner = user === null ? null : userId(user);
        const ownerNow = (): number | null => owner ?? workersUser(pidFile);
        // A file of an older fence says nothing of it.
        const bytes = refusal ? refusalBytes(refusal) : null;
        this.doors.push(new Door(path, ownerNow, (socket) => void new Relay(site, socket, backends, bytes)));
      }
    }
  }

  /** @throws Error of the door that cannot be opened; then none is open */
  async open(): Promise<void> {
    try {
      for (const door of this.doors) await door.open();
    } catch (error) {
      for (const door of this.doors) door.close();
      throw error;
    }
    this.timer = setInterval(() => this.look(), LOOK_MS);
  }

  /** Nobody is about to need it. */
  end(): void {
    this.isKept = false;
  }

  /** Somebody is about to need it. @throws Error when it takes no more */
  stay(): object {
    if (this.isClosed) throw new Error("it takes no more");
    this.isKept = true;
    this.idleSince = null;
    return { pid: process.pid };
  }

  /** Takes no more: ends once what has entered is through. */
  close(): void {
    this.isClosed = true;
    for (const door of this.doors) door.close();
  }

  /** Resolves once nobody has needed it for a while, or it was closed and what had entered is through; by then it takes no more. */
  async through(): Promise<void> {
    while (!this.mayEnd()) await new Promise((resolve) => setTimeout(resolve, STOP_LOOK_MS));
    this.close();
    if (this.timer !== null) clearInterval(this.timer);
    this.log.info("through", {});
  }

  private look(): void {
    for (const site of this.sites.values()) site.modes.look();
    for (const door of this.doors) door.giveToOwner();
  }

  private mayEnd(): boolean {
    const sites = [...this.sites.values()];
    if (this.isClosed) return sites.every((site) => site.isEmpty);
    if (sites.some((site) => site.modes.mode === "hold")) this.isKept = false;
    if (sites.some((site) => site.needsGate || !site.isEmpty)) this.idleSince = null;
    else this.idleSince ??= monotonicMs();
    const lingerMs = this.isKept ? KEPT_MS : this.lingerMs;
    return this.idleSince !== null && monotonicMs() - this.idleSince >= lingerMs;
  }

  /** null: there is no such site. */
  sync(name: string): object | null {
    const site = this.sites.get(name);
    if (site === undefined) return null;
    const synced = site.modes.sync();
    return { synced, ...report(site) };
  }

  status(): object {
    return {
      pid: process.pid,
      configSha256: this.config.sha256,
      sites: [...this.sites.values()].map(report),
    };
  }
}

/** As the proxy tells it, so that fence has one question for both. */
function report(site: GatedSite) {
  const { modes, room, inflight, name } = site;
  return {
    pid: process.pid,
    site: name,
    mode: modes.mode,
    generation: modes.state?.generation ?? null,
    workers: [process.pid],
    inflight,
    held: room.size,
    oldestHeldMs: room.oldestMs,
    totals: room.totals,
  };
}

/** @throws Error for a user that there is not */
function userId(name: string): number {
  if (process.getuid?.() !== 0) return process.getuid?.() ?? -1;
  const id = findProgram("id");
  if (id === null) throw new Error(`there is no program id, which knows the number of ${name}`);
  return Number(execFileSync(id, ["-u", "--", name], { encoding: "utf8", env: programEnv() }));
}
