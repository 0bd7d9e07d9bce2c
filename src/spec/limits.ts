/** A limit on everything that a spec can hold, so that no spec makes fence or a server large or slow. */
export const LIMITS = {
  specBytesMax: 1024 * 1024,
  pageBytesMax: 512 * 1024,
  languagesMax: 16,
  /** Base64 makes a third more of it; with the page and the head the answer stays below 14 kB, which is what a server may send at once (RFC 6928). */
  logoBytesMax: 6500,
  serversMax: 16,
  upstreamsMax: 256,
  backendsMax: 64,
  weightMax: 256,
  sitesMax: 256,
  hostsMax: 64,
  listensMax: 32,
  routesMax: 128,
  pathRulesMax: 128,
  cidrsMax: 1000,
  headersMax: 32,
  originsMax: 32,
  /** Rules that map one string to another, in each list of a site. */
  mappingsMax: 64,
  sendfileMax: 32,
  mediaTypesMax: 64,
  cgiParamsMax: 64,
  cgiSplitsMax: 8,
  /** To one backend; no process has more descriptors to give. */
  connectionsMax: 65_535,
  queueMax: 65_535,
  checksMax: 100,
  compressMinBytesMax: 1024 * 1024,
  /** nginx takes no config token above 4096 bytes; encoding may double a string. */
  textBytesMax: 1000,
  regexCharsMax: 500,
  workersMax: 256,
  workerSetsMax: 64,
  workerArgumentsMax: 128,
  notifyMax: 16,
  /** Problems that are told; a spec with more is one that a program wrote. */
  diagnosticsMax: 200,
  /** sockaddr_un.sun_path holds 108 bytes with its NUL (unix(7)). */
  socketPathBytesMax: 107,
  /** A held request costs two descriptors once it is let go. */
  heldMax: 65_536,
  heldBodyBytesMax: 16 * 1024 * 1024,
  durationMsMax: 30 * 86_400_000,
  /** Node's timers end at 2^31 ms, and nobody waits for a backend that long. */
  timeoutMsMax: 86_400_000,
} as const;
