/** One address or block; host bits are zero. Hex is 32 lower-case digits; IPv4 is `00000000000000000000ffff` + 8 digits. */
export interface Block {
  family: 4 | 6;
  /** Canonical: `192.0.2.0/24`, `2001:db8::/32`. */
  text: string;
  first: string;
  last: string;
}

const MAPPED = 0xffffn << 32n;

/**
 * An IPv4 or IPv6 address with an optional prefix length; v4-mapped IPv6 blocks of /96 and longer become IPv4.
 * @returns null when it is not one; "host-bits" when bits below the prefix are set
 */
export function parseCidr(text: string): Block | "host-bits" | null {
  const match = /^([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(text);
  const address = match?.[1] === undefined ? null : parseAddress(match[1]);
  if (address === null) return null;
  const bits = address.family === 4 ? 32 : 128;
  const length = match?.[2] === undefined ? bits : Number(match[2]);
  if (length > bits) return null;
  const size = 1n << BigInt(bits - length);
  if (address.value % size !== 0n) return "host-bits";
  return blockOf(address.value, address.value + size - 1n, length + 128 - bits);
}

/** An IPv4 address or a colon form of IPv6 as a 128-bit number; IPv4 is mapped. Zone ids are refused. */
export function parseAddress(text: string): { family: 4 | 6; value: bigint } | null {
  if (!text.includes(":")) {
    const v4 = parseV4(text);
    return v4 === null ? null : { family: 4, value: MAPPED | v4 };
  }
  let colons = text;
  const tail = /:([^:]*\.[^:]*)$/.exec(text);
  if (tail) {
    const v4 = parseV4(tail[1] ?? "");
    if (v4 === null) return null;
    colons = `${text.slice(0, tail.index)}:${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
  }
  const halves = colons.split("::");
  if (halves.length > 2) return null;
  const [head = [], rest = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array<string>(halves.length === 2 ? missing : 0).fill("0"), ...rest];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  return { family: 6, value: BigInt(`0x${groups.map((group) => group.padStart(4, "0")).join("")}`) };
}

/** No leading zeros: some readers take them as octal. */
function parseV4(text: string): bigint | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return null;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function blockOf(first: bigint, last: bigint, length128: number): Block {
  const hex = (value: bigint): string => value.toString(16).padStart(32, "0");
  const isV4 = first >> 32n === 0xffffn && length128 >= 96;
  const text = isV4
    ? `${[24n, 16n, 8n, 0n].map((shift) => (first >> shift) & 255n).join(".")}/${length128 - 96}`
    : `${compress(hex(first))}/${length128}`;
  return { family: isV4 ? 4 : 6, text, first: hex(first), last: hex(last) };
}

/** RFC 5952: no leading zeros, the longest run of two or more zero groups as `::`, the first of equals. */
function compress(hex: string): string {
  const groups = (hex.match(/.{4}/g) ?? []).map((group) => group.replace(/^0{1,3}/, ""));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (groups[start + length] === "0") length += 1;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return groups.join(":");
  return `${groups.slice(0, best.start).join(":")}::${groups.slice(best.start + best.length).join(":")}`;
}
