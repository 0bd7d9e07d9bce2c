import type { Site } from "../spec/types.js";
import { freshenBackends } from "./hold/fresh-backends.js";
import type { HeldRequest } from "./hold/held-request.js";
import { WaitingRoom } from "./hold/waiting-room.js";
import type { BackendGroup } from "./backend/backend-pool.js";
import type { CgiUpstream } from "./cgi/cgi-upstream.js";
import { gateOf, type Gate } from "./gate/decide.js";
import { Traffic } from "./metrics/traffic.js";
import { ModeStore } from "./modes/mode-store.js";
import { staticRoutesOf, type StaticRoute } from "./static/routes.js";

/** One site as it is served: made once, told of a new spec, so that its counts and its mode live on. */
export class ServedSite {
  readonly name: string;
  readonly modes: ModeStore;
  readonly room: WaitingRoom<HeldRequest>;
  /** The one field that a request looks at: the site is up, and nobody waits. */
  isOpen = false;
  gate: Gate;
  routes: readonly StaticRoute[];
  upstream: BackendGroup | null;
  /** How the upstream is spoken to; null: over HTTP. */
  cgi: CgiUpstream | null;
  /** Requests that a backend has and has not answered to their end, upgraded connections left out. */
  inflight = 0;
  /** The same of those that an exception let pass while the site was not up. */
  exempt = 0;
  private wasHeld = false;
  /** Upgraded connections. */
  tunnels = 0;
  readonly traffic = new Traffic();

  constructor(site: Site, active: string, upstream: BackendGroup | null, cgi: CgiUpstream | null) {
    this.name = site.name;
    this.modes = new ModeStore(active, site.maintenance);
    this.gate = gateOf(site);
    this.routes = staticRoutesOf(site);
    this.upstream = upstream;
    this.cgi = cgi;
    this.room = new WaitingRoom<HeldRequest>(this);
    this.modes.onChange = () => this.modeChanged();
    this.modeChanged();
  }

  /** A request that an exception let pass is counted apart: it is no reason to wait. */
  exempts(exchange: { isExempt: boolean }): void {
    exchange.isExempt = true;
    this.inflight -= 1;
    this.exempt += 1;
  }

  /** A request is with a backend no longer. */
  ends(isExempt: boolean): void {
    if (isExempt) {
      this.exempt -= 1;
      return;
    }
    this.inflight -= 1;
    if (this.isOpen) return;
    if (this.modes.mode === "hold") this.drained();
    else this.room.move();
  }

  /** Looks whether the site may be served at once. */
  settle(): void {
    this.isOpen = this.modes.mode === "up" && this.room.size === 0;
  }

  /** While the site is held: once nothing is with the backends, they may be stopped without a connection left open. */
  drained(): void {
    if (this.inflight === 0 && this.upstream !== null) freshenBackends(this.upstream);
  }

  private modeChanged(): void {
    const { mode } = this.modes;
    this.settle();
    // Whatever became of the backends meanwhile: those that waited meet them as they are now.
    if (this.wasHeld && mode !== "hold" && this.upstream !== null) freshenBackends(this.upstream);
    this.wasHeld = mode === "hold";
    this.room.modeChanged();
    if (this.wasHeld) this.drained();
  }

  reconfigure(site: Site, upstream: BackendGroup | null, cgi: CgiUpstream | null): void {
    this.modes.reconfigure(site.maintenance);
    this.gate = gateOf(site);
    this.routes = staticRoutesOf(site);
    this.upstream = upstream;
    this.cgi = cgi;
  }
}
