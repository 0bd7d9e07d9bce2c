import { type Block, parseAddress, parseCidr } from "../../base/cidr.js";

/** One address in the two forms that are needed. */
export interface Address {
  /** canonical; a v4-mapped IPv6 address as IPv4 */
  readonly text: string;
  /** 32 hexadecimal digits, as in Block: compares as text */
  readonly hex: string;
}

/** An address and nothing else: no port, no brackets, no zone, no block. @returns null when it is not one */
export function addressOf(text: string): Address | null {
  if (parseAddress(text) === null) return null;
  const block = parseCidr(text);
  if (block === null || block === "host-bits") return null;
  return { text: block.text.slice(0, block.text.indexOf("/")), hex: block.first };
}

/** A set of addresses: blocks, sorted and merged. */
export class AddressSet {
  private readonly ranges: { readonly first: string; last: string }[] = [];

  /** @param blocks in the form of parseCidr; throws RangeError for one that is not a block */
  constructor(blocks: readonly string[]) {
    for (const { first, last } of blocks.map(block).sort((a, b) => (a.first < b.first ? -1 : 1))) {
      const before = this.ranges.at(-1);
      if (before === undefined || first > before.last) this.ranges.push({ first, last });
      else if (last > before.last) before.last = last;
    }
  }

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  has({ hex }: Address): boolean {
    let low = 0;
    let high = this.ranges.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const range = this.ranges[middle];
      if (range === undefined) return false;
      if (hex < range.first) high = middle - 1;
      else if (hex > range.last) low = middle + 1;
      else return true;
    }
    return false;
  }
}

function block(text: string): Block {
  const parsed = parseCidr(text);
  if (parsed === null || parsed === "host-bits") throw new RangeError(`not an address block: ${text}`);
  return parsed;
}
