import type { GateDoor } from "../servers/gate-doors.js";
import { WaitingRoom } from "../proxy/hold/waiting-room.js";
import type { ModeStore } from "../proxy/modes/mode-store.js";
import type { Relay } from "./relay.js";

/** One site whose web server cannot hold by itself: what comes here waits, passes, or is turned away, as its mode says. */
export class GatedSite {
  readonly room: WaitingRoom<Relay>;
  /** Relays under way, without tunnels. */
  inflight = 0;
  /** Those of `inflight` whose answers have been coming for a while. */
  streams = 0;
  /** Relays that have become one. */
  tunnels = 0;

  constructor(
    readonly name: string,
    readonly modes: ModeStore,
    private readonly doors: readonly Pick<GateDoor, "seesEnd">[],
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

  get paced(): number {
    return this.inflight - this.streams;
  }

  /** The answer of a relay has been coming for a while, and may for days: it keeps nobody from the backends. */
  streamBegins(): void {
    this.streams += 1;
    this.room.move();
  }

  /** A relay has come to its end. */
  ends(isStream = false): void {
    this.inflight -= 1;
    if (isStream) this.streams -= 1;
    this.room.move();
  }

  /** A relay has become a tunnel. */
  opens(): void {
    this.tunnels += 1;
    this.ends();
  }

  /** Whether some server sends it requests, and would not know what else to do with them. */
  get needsGate(): boolean {
    const { mode, state } = this.modes;
    if (mode === "hold") return true;
    // The hold is over and those are to pass that a server without a clock goes on sending.
    return mode === "up" && state?.mode === "hold" && this.doors.some(({ seesEnd }) => !seesEnd);
  }

  /** Nobody is here, tunnels included. */
  get isEmpty(): boolean {
    return this.inflight === 0 && this.tunnels === 0 && this.room.size === 0;
  }

  settle(): void {}
}
