import type { Listen, Maintenance, Server, Site, Upstream } from "../spec/types.js";

/** Of `proxy.json`. A change of what a key means is a new number; a key more or less shows by itself. */
export const PROXY_SCHEMA = "fence/proxy@1";

/** `proxy.json`: all of the spec that one proxy acts on, except what a variant carries. */
export interface ProxyDocument {
  schema: typeof PROXY_SCHEMA;
  controlSocket: string;
  server: DocumentServer;
  upstreams: readonly Upstream[];
  sites: readonly DocumentSite[];
}

export type DocumentServer = Omit<Server, "kind" | "config" | "program" | "moduleDir" | "statCache">;

export type DocumentSite = Omit<Site, "servers" | "worker" | "listen" | "settle" | "hold" | "maintenance"> & {
  /** Where the active variant is. */
  active: string;
  listen: readonly Listen[];
  maintenance: DocumentMaintenance;
};

export type DocumentMaintenance = Omit<
  Maintenance,
  "pageHtml" | "page" | "title" | "message" | "reason" | "onExpiry"
>;
