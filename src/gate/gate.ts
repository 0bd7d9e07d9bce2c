import { execFileSync } from "node:child_process";
import { ModeStore } from "../proxy/modes/mode-store.js";
import type { Log } from "../proxy/log.js";
import type { GateConfig } from "./configuration.js";
import { Door } from "./door.js";
import { GatedSite } from "./gated-site.js";
import { Relay } from "./relay.js";

/** Whoever is turned away has its answer from its own web server. */
const NO_ANSWER = { status: 503, header: "X", headers: [], corsOrigins: [], retryAfterSec: 1 };
const LOOK_MS = 250;
const STOP_LOOK_MS = 50;

/** The sites whose web servers cannot hold by themselves, each with its doors. */
export class Gate {
  private readonly sites = new Map<string, GatedSite>();
  private readonly doors: Door[] = [];
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly config: GateConfig,
    private readonly log: Log,
  ) {
    for (const { name, active, doors } of config.sites) {
      const site = new GatedSite(name, new ModeStore(active, NO_ANSWER));
      this.sites.set(name, site);
      for (const { path, user, backends } of doors) {
        const owner = user === null ? null : userId(user);
        this.doors.push(new Door(path, owner, (socket) => void new Relay(site, socket, backends)));
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
    this.timer = setInterval(() => {
      for (const site of this.sites.values()) site.modes.look();
    }, LOOK_MS);
  }

  /** Takes no more, and resolves once what has entered is through. */
  async stop(): Promise<void> {
    for (const door of this.doors) door.close();
    while ([...this.sites.values()].some((site) => site.inflight > 0 || site.room.size > 0)) {
      for (const site of this.sites.values()) site.modes.look();
      await new Promise((resolve) => setTimeout(resolve, STOP_LOOK_MS));
    }
    if (this.timer !== null) clearInterval(this.timer);
    this.log.info("through", {});
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
  return Number(execFileSync("id", ["-u", name], { encoding: "utf8" }));
}
