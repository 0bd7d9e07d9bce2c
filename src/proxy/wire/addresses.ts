import { type Block, parseAddress, parseCidr } from "../../base/cidr.js";

/** One address in the two forms that are needed. */
export interface Address {
  /** canonical; a v4-mapped IPv6 address as IPv4 */
  readonly text: string;
  readonly family: 4 | 6;
  /** 32 hexadecimal digits, as in Block: compares as text */
  readonly hex: string;
}

/** An address and nothing else: no port, no brackets, no zone, no block. @returns null when it is not one */
export function addressOf(text: string): Address | null {
  if (parseAddress(text) === null) return null;
  // An address is a block of one.
  const block = parseCidr(text) as Block;
  return { text: block.text.slice(0, block.text.indexOf("/")), family: block.family, hex: block.first };
}

const WITH_PORT = /^(?:([^:[\]]*)|\[([^[\]]*)\]):(\d{1,5})$/;

/** One element of X-Forwarded-For: an address, perhaps with a port. @returns null when it is not one */
export function forwardedAddressOf(text: string): Address | null {
  const match = WITH_PORT.exec(text);
  if (match === null) return addressOf(text);
  const [, plain, bracketed, port] = match;
  return Number(port) >= 1 && Number(port) <= 65_535 ? addressOf((plain ?? bracketed) as string) : null;
}

interface Range {
  readonly first: string;
  last: string;
}

/** A set of addresses: blocks, sorted and merged; those of IPv6 hold no v4-mapped address, which is IPv4. */
export class AddressSet {
  private readonly ranges: Readonly<Record<4 | 6, Range[]>> = { 4: [], 6: [] };

  /** @param blocks in the form of parseCidr; throws RangeError for one that is not a block */
  constructor(blocks: readonly string[]) {
    for (const { family, first, last } of blocks.map(block).sort((a, b) => (a.first < b.first ? -1 : 1))) {
      const ranges = this.ranges[family];
      const before = ranges.at(-1);
      if (before === undefined || first > before.last) ranges.push({ first, last });
      else if (last > before.last) before.last = last;
    }
  }

  get isEmpty(): boolean {
    return this.ranges[4].length === 0 && this.ranges[6].length === 0;
  }

  has({ family, hex }: Address): boolean {
    const ranges = this.ranges[family];
    let low = 0;
    let high = ranges.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const range = ranges[middle] as Range;
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
