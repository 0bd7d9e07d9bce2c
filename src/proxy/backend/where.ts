import type { LookupFunction } from "node:net";
import type { Address, Backend } from "../../spec/types.js";

/** Where a backend is, as node:net wants it. */
export type Where = { path: string } | { host: string; port: number; lookup?: LookupFunction };

/** One place that requests can go to: a backend of the spec, or one of the addresses of its name. */
export interface Spot {
  /** By which it is known: `host:port` or `unix:/path`. */
  label: string;
  where: Where;
  /** How the spec names it, for Host: with its port, and without. */
  hostField: string;
  host: string;
  weight: number;
}

export function whereOf(backend: Address): Where {
  return backend.kind === "unix" ? { path: backend.path } : { host: backend.host, port: backend.port };
}

/** Of a backend that is no name, or of a name as such. */
export function spotOf(backend: Backend, lookup?: LookupFunction): Spot {
  const { weight } = backend;
  if (backend.kind === "unix") {
    const where = whereOf(backend);
    return { label: `unix:${backend.path}`, where, hostField: "localhost", host: "localhost", weight };
  }
  const { host, port } = backend;
  const named = bracketed(host);
  const where = lookup === undefined ? whereOf(backend) : { host, port, lookup };
  return { label: `${named}:${port}`, where, hostField: `${named}:${port}`, host: named, weight };
}

export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
