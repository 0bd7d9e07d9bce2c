/** Who is at the far end of a connection: the client, or whom the PROXY header names in its place. */
export interface Peer {
  /** Without a zone; "": it has none (a unix socket). */
  readonly address: string;
  readonly port: number | null;
}
