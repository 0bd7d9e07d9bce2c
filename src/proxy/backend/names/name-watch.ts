import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { monotonicMs } from "../../../base/clock.js";
import type { Backend } from "../../../spec/types.js";
import { bracketed, spotOf, type Spot } from "../where.js";

/** All addresses of a name. @throws Error with a code */
export type Lookup = (name: string) => Promise<readonly LookupAddress[]>;

/** What getaddrinfo gives has no time to live. */
const LOOK_MS = 10_000;
/** Backends that refuse connections do not have the name looked up more often. */
const SUSPECT_MS = 1000;
/** What of one name is used. */
const ADDRESSES_MAX = 64;

export interface NameEvents {
  /** Its backends are others now. */
  changed(): void;
  /** The name could not be looked up, for the first time or for another reason than before. */
  failed(problem: string): void;
}

/**
 * The addresses of one name of the spec. As long as they are not known, or may be others by now, it is one backend whose
 * connections wait for the answer. A look that fails changes nothing but that.
 */
export class NameWatch {
  /** As last seen, in order; of both families. */
  addresses: readonly LookupAddress[] = [];
  /** Why the last look failed; null: it did not. */
  problem: string | null = null;
  private isStale = true;
  private running: Promise<void> | null = null;
  private isWantedAgain = false;
  private timer: NodeJS.Timeout | null = null;
  private lookedMs = -Infinity;
  private turn = 0;

  constructor(
    private readonly backend: Extract<Backend, { kind: "tcp" }>,
    private readonly lookup: Lookup,
    private readonly events: NameEvents,
  ) {}

  /**
   * One backend, when the name has at most one address of each family: they are those of one machine. Else one for each
   * address, of IPv4 when there are any.
   */
  get spots(): Spot[] {
    const { backend, addresses, isStale } = this;
    const named = spotOf(backend, this.resolve);
    const of = (family: number): LookupAddress[] => addresses.filter((one) => one.family === family);
    const [four, six] = [of(4), of(6)];
    if (isStale || (four.length <= 1 && six.length <= 1)) return [named];
    return (four.length > 0 ? four : six).map(({ address }) => ({
      ...named,
      label: `${bracketed(address)}:${backend.port}`,
      where: { host: address, port: backend.port },
    }));
  }

  /** Looks now, and again and again. */
  start(): void {
    this.timer ??= setInterval(() => void this.look(), LOOK_MS).unref();
    void this.look();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  /** A backend of it has refused a connection. */
  suspect(): void {
    if (monotonicMs() - this.lookedMs > SUSPECT_MS) void this.look();
  }

  /** What is known may be of yesterday: connections wait for a look that begins now. */
  freshen(): void {
    this.isStale = true;
    void this.look();
  }

  /** For connections to it as one backend. Those that come at once begin with different addresses. */
  readonly resolve: LookupFunction = (_name, options, callback) => {
    void this.known().then((addresses) => {
      this.turn += 1;
      const at = addresses.length === 0 ? 0 : this.turn % addresses.length;
      const [first, ...others] = [...addresses.slice(at), ...addresses.slice(0, at)];
      if (first === undefined) {
        const code = this.problem ?? "ENODATA";
        callback(Object.assign(new Error(`the name has no address: ${code}`), { code }), "");
      } else if (options.all === true) callback(null, [first, ...others]);
      else callback(null, first.address, first.family);
    });
  };

  private async known(): Promise<readonly LookupAddress[]> {
    if (this.isStale) await this.look();
    return this.addresses;
  }

  /** One look at a time; one that is asked for meanwhile follows it. */
  private look(): Promise<void> {
    if (this.running !== null) {
      this.isWantedAgain = true;
      return this.running;
    }
    this.running = this.lookOn().finally(() => (this.running = null));
    return this.running;
  }

  private async lookOn(): Promise<void> {
    do {
      this.isWantedAgain = false;
      await this.lookOnce();
    } while (this.isWantedAgain);
  }

  private async lookOnce(): Promise<void> {
    const before = textOf(this.addresses);
    const wasStale = this.isStale;
    try {
      const found = await this.lookup(this.backend.host);
      if (found.length === 0) throw Object.assign(new Error("no address"), { code: "ENODATA" });
      this.addresses = [...found].sort(byText).slice(0, ADDRESSES_MAX);
      this.problem = null;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const problem = code ?? message;
      if (problem !== this.problem) this.events.failed(problem);
      this.problem = problem;
    }
    this.lookedMs = monotonicMs();
    // What was asked for meanwhile is still to come.
    if (this.isWantedAgain) return;
    if (this.addresses.length > 0) this.isStale = false;
    const isSplit = wasStale && this.spots.length > 1;
    if (isSplit || before !== textOf(this.addresses)) this.events.changed();
  }
}

function byText(one: LookupAddress, other: LookupAddress): number {
  return one.address < other.address ? -1 : one.address > other.address ? 1 : 0;
}

export function textOf(addresses: readonly LookupAddress[]): string {
  return addresses.map(({ address }) => address).join(" ");
}
