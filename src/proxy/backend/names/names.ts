import { lookup as systemLookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Backend } from "../../../spec/types.js";
import type { Log } from "../../log.js";
import { spotOf, type Spot } from "../where.js";
import { NameWatch, textOf, type Lookup } from "./name-watch.js";

/** As every program of the machine does it: /etc/hosts counts. */
const bySystem: Lookup = (name) => systemLookup(name, { all: true, verbatim: true });

/** What a name has come to, for the status. */
export interface NameFacts {
  name: string;
  /** With a blank between them; empty: none is known. */
  addresses: string;
  problem: string | null;
}

/** The names among the backends of one upstream. */
export class Names {
  private readonly watches = new Map<string, NameWatch>();
  private log: Log | null = null;

  /** @param changed of this name the backends are others now */
  constructor(
    private readonly upstream: string,
    private readonly changed: (label: string) => void,
    private readonly lookup: Lookup = bySystem,
  ) {}

  /** Where requests for these backends can go to. Names that are of the spec no more are forgotten. */
  spotsOf(backends: readonly Backend[]): Spot[] {
    const used = new Set<string>();
    const spots = backends.flatMap((backend) => {
      if (backend.kind === "unix" || isIP(backend.host) !== 0) return [spotOf(backend)];
      const { label } = spotOf(backend);
      used.add(label);
      return (this.watches.get(label) ?? this.begun(label, backend)).spots;
    });
    for (const [label, watch] of this.watches) {
      if (used.has(label)) continue;
      watch.stop();
      this.watches.delete(label);
    }
    return spots;
  }

  /** Looks from now on. */
  begin(log: Log): void {
    this.log = log;
    for (const watch of this.watches.values()) watch.start();
  }

  freshen(): void {
    for (const watch of this.watches.values()) watch.freshen();
  }

  /** A backend has refused a connection: its name may mean another one by now. */
  suspect(): void {
    for (const watch of this.watches.values()) watch.suspect();
  }

  end(): void {
    for (const watch of this.watches.values()) watch.stop();
  }

  facts(): NameFacts[] {
    return [...this.watches].map(([name, { addresses, problem }]) => {
      return { name, addresses: textOf(addresses), problem };
    });
  }

  private begun(label: string, backend: Extract<Backend, { kind: "tcp" }>): NameWatch {
    const { upstream } = this;
    const watch: NameWatch = new NameWatch(backend, this.lookup, {
      changed: () => {
        this.log?.info("name-resolved", { upstream, name: label, addresses: textOf(watch.addresses) });
        this.changed(label);
      },
      failed: (why) => {
        const kept = textOf(watch.addresses);
        this.log?.error("name-failed", { upstream, name: label, why, kept });
      },
    });
    this.watches.set(label, watch);
    if (this.log !== null) watch.start();
    return watch;
  }
}
