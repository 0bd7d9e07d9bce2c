import { RoundRobin } from "../proxy/backend/balance/round-robin.js";
import type { Choosable } from "../proxy/backend/balance/choosable.js";
import type { Address, Backend } from "../spec/types.js";

/** The backends behind one door, each in turn by its weight. */
export class GateBackends {
  private readonly balance = new RoundRobin();
  private readonly all: readonly (Choosable & { readonly address: Address })[];

  constructor(backends: readonly Backend[]) {
    this.all = backends.map(({ weight, ...address }, index) => ({
      label: String(index),
      address,
      weight,
      load: 0,
      due: 0,
    }));
  }

  /** For one request: whose turn it is, and when that one does not answer the next. */
  *turns(): Generator<Address, void> {
    let left = this.all;
    while (left.length > 0) {
      const one = this.balance.pick(left);
      yield one.address;
      left = left.filter((other) => other !== one);
    }
  }
}
