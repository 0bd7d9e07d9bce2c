/**
 * Every limit of the built-in proxy's wire layer, named with its unit. What goes past one is refused, never cut short:
 * a message that was shortened is a message that two readers take for two different ones.
 */
export const WIRE_LIMITS = {
  /** request or response head, from its first byte to the empty line */
  headBytesMax: 32_768,
  /** field lines of one head */
  fieldCountMax: 100,
  /** RFC 9112 section 3 wants request lines of 8000 octets to work */
  targetBytesMax: 8_192,
  /** the longest registered method has 17 letters */
  methodBytesMax: 32,
  /** empty lines before a request line: RFC 9112 section 2.2 wants at least one to be ignored */
  emptyLinesMax: 1,
  /** 15 decimal digits are exact in a JavaScript number */
  contentLengthDigitsMax: 15,
  /** chunk-size digits, leading zeros included; the value is held to Number.MAX_SAFE_INTEGER besides */
  chunkSizeDigitsMax: 15,
  /** extensions of one chunk line */
  chunkExtensionBytesMax: 256,
  /** extensions of one whole body */
  chunkExtensionsBytesMax: 16_384,
  /** trailer section of one body */
  trailerBytesMax: 8_192,
  trailerCountMax: 100,
  /** interim (1xx) responses before the final one */
  interimResponsesMax: 10,
  /** addresses and TLVs of a binary PROXY header */
  proxyHeaderBytesMax: 4096,
  /** requests of one connection that wait for their turn */
  pipelinedRequestsMax: 16,
} as const;

export type WireLimits = { readonly [Name in keyof typeof WIRE_LIMITS]: number };
