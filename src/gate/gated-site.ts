import { WaitingRoom } from "../proxy/hold/waiting-room.js";
import type { ModeStore } from "../proxy/modes/mode-store.js";
import type { Relay } from "./relay.js";

/** One site whose web server cannot hold by itself: what comes here waits, passes, or is turned away, as its mode says. */
export class GatedSite {
  readonly room: WaitingRoom<Relay>;
  /** Relays under way. */
  inflight = 0;
  /** Whose turn it is among the backends. */
  turn = 0;

  constructor(
    readonly name: string,
    readonly modes: ModeStore,
  ) {
    this.room = new WaitingRoom<Relay>(this);
    modes.onChange = () => this.room.modeChanged();
    this.room.modeChanged();
  }

  arrive(relay: Relay): void {
    const { modes, room } = this;
    if (modes.mode === "down") relay.turnAway();
    else if (modes.mode === "up" && room.size === 0) relay.letGo();
    else if (room.admit(relay) === null) relay.held();
    else relay.turnAway();
  }

  /** A relay has come to its end. */
  ends(): void {
    this.inflight -= 1;
    this.room.move();
  }

  /** Nobody is here, and nobody is kept out. */
  get isIdle(): boolean {
    return this.modes.mode === "up" && this.inflight === 0 && this.room.size === 0;
  }

  settle(): void {}
}
