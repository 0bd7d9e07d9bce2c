import type { Listen } from "../spec/types.js";

/** Where this machine reaches a listener; a wildcard address through loopback. */
export function reachable(listen: Listen): { host: string; port: number } | { path: string } {
  if (listen.kind === "unix") return { path: listen.path };
  const { address, port } = listen;
  return { host: address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address, port };
}
