import type { Site } from "../spec/types.js";
import { treatmentOf, type Treatment } from "./answers/treatment.js";
import type { HeldRequest } from "./hold/held-request.js";
import { WaitingRoom } from "./hold/waiting-room.js";
import { gateOf, type Gate } from "./gate/decide.js";
import { Traffic } from "./metrics/traffic.js";
import { ModeStore } from "./modes/mode-store.js";
import type { Ways } from "./ways.js";

/** One site as it is served: made once, told of a new spec, so that its counts and its mode live on. */
export class ServedSite {
  readonly name: string;
  readonly modes: ModeStore;
  readonly room: WaitingRoom<HeldRequest>;
  /** The one field that a request looks at: the site is up, and nobody waits. */
  isOpen = false;
  gate: Gate;
  treatment: Treatment | null;
  /** Requests that a backend has and has not answered to their end, upgraded connections left out. */
  inflight = 0;
  /** Those of `inflight` whose answers have been coming for a while: they keep nobody who waits from the backends. */
  streams = 0;
  /** The same of those that an exception let pass while the site was not up. */
  exempt = 0;
  private wasHeld = false;
  /** Upgraded connections. */
  tunnels = 0;
  readonly traffic = new Traffic();

  constructor(
    site: Site,
    active: string,
    public ways: Ways,
  ) {
    this.name = site.name;
    this.modes = new ModeStore(active, site.maintenance);
    this.gate = gateOf(site);
    this.treatment = treatmentOf(site);
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

  get paced(): number {
    return this.inflight - this.streams;
  }

  /** The answer of a request has been coming for a while, and may for days. */
  streamBegins(): void {
    this.streams += 1;
    this.room.move();
  }

  /** A request is with a backend no longer. */
  ends(isExempt: boolean, isStream = false): void {
    if (isExempt) {
      this.exempt -= 1;
      return;
    }
    this.inflight -= 1;
    if (isStream) this.streams -= 1;
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
    if (this.inflight === 0) this.freshen();
  }

  private freshen(): void {
    for (const group of this.ways.groups) group.freshen();
  }

  private modeChanged(): void {
    const { mode } = this.modes;
    this.settle();
    // Whatever became of the backends meanwhile: those that waited meet them as they are now.
    if (this.wasHeld && mode !== "hold") this.freshen();
    this.wasHeld = mode === "hold";
    this.room.modeChanged();
    if (this.wasHeld) this.drained();
  }

  reconfigure(site: Site, ways: Ways): void {
    this.modes.reconfigure(site.maintenance);
    this.gate = gateOf(site);
    this.treatment = treatmentOf(site);
    this.ways = ways;
  }
}
