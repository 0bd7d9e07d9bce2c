/**
 * How long each phase may take, in seconds: one sweep a second looks at every connection, so that each is met to
 * within a second. And how many of what there may be.
 */
export const TIMEOUTS_SEC = {
  /** A request head, from its first byte (or the connection) to its last. */
  head: 10,
  /** Between two requests of a client. */
  clientIdle: 65,
  /** Before a request body is held to its least rate. */
  bodyGrace: 5,
  /** What the client still sends after an answer that ends the connection. */
  linger: 5,
  /** A client that takes nothing of what it was sent. */
  writeStall: 30,
  /** An upgraded connection on which neither side says anything. */
  tunnelIdle: 3600,
  /** Below the five seconds that backends commonly grant: a request on a connection that is being closed is lost. */
  backendIdle: 4,
  /** How long a request that may not be sent twice trusts an idle connection. */
  backendIdleUnsafe: 1,
  /** From SIGTERM until what is not finished is cut. */
  shutdown: 30,
  /** The same for a process whose sockets another one has taken over. */
  retire: 300,
  /** How long its clients may be idle before their connection ends. */
  retireIdle: 5,
} as const;

export const PROXY_LIMITS = {
  connectionsMax: 10_000,
  /** Of TLS under way, on one listener. */
  handshakesMax: 2000,
  /** Loopback and trusted proxies stand for many clients and are not counted. */
  connectionsPerClientMax: 256,
  /** Least rate of a request body, while it is the client that is waited for. */
  bodyBytesPerSecMin: 500,
  /** 1 TiB: a length beyond it is a mistake. */
  bodyBytesMax: 2 ** 40,
  /** Idle connections kept to one backend, each for seconds: fewer than are in use at once would be opened anew all the time. */
  idlePerBackendMax: 4096,
  /** Answers that wait for a client; beyond it no further request of its is read. */
  unsentBytesMax: 256 * 1024,
  /** A body that nobody wants is read to its end, so that the connection can go on; beyond it the connection ends. */
  discardBytesMax: 64 * 1024 * 1024,
  /** Read ahead of all held requests of one site. */
  heldBytesMax: 64 * 1024 * 1024,
  /** Read ahead of one request that waits for a backend. */
  queuedBytesMax: 64 * 1024,
  listenBacklog: 4096,
} as const;

/** Of HTTP/2 to clients; what its library does not limit by itself. */
export const HTTP2_LIMITS = {
  /** Under way at once on one connection. Each counts as a connection of its client besides. */
  streamsMax: 100,
  headBytesMax: 32_768,
  /** Crumbs of cookies are fields, too. */
  fieldCountMax: 256,
  /** What a client may send of one body before the backend has taken it. */
  streamWindowBytes: 256 * 1024,
  connectionWindowBytes: 1024 * 1024,
  sessionMegabytesMax: 16,
  /** Resets, pings, settings and malformed requests of one connection; more come back by the second. */
  oddFramesMax: 200,
  oddFramesPerSec: 20,
} as const;

/** The fallback look at the active variants. */
export const LOOK_MS = 500;
export const SWEEP_MS = 1000;
