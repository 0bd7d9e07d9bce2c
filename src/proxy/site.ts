import type { Site } from "../spec/types.js";
import type { BackendGroup } from "./backend/backend-pool.js";
import type { CgiUpstream } from "./cgi/cgi-upstream.js";
import { gateOf, type Gate } from "./gate/decide.js";
import { ModeStore } from "./modes/mode-store.js";
import { staticRoutesOf, type StaticRoute } from "./static/routes.js";

/** One site as it is served: made once, told of a new spec, so that its counts and its mode live on. */
export class ServedSite {
  readonly name: string;
  readonly modes: ModeStore;
  gate: Gate;
  routes: readonly StaticRoute[];
  upstream: BackendGroup | null;
  /** How the upstream is spoken to; null: over HTTP. */
  cgi: CgiUpstream | null;
  /** Requests that a backend has and has not answered to their end, upgraded connections left out. */
  inflight = 0;
  /** Upgraded connections. */
  tunnels = 0;

  constructor(site: Site, active: string, upstream: BackendGroup | null, cgi: CgiUpstream | null) {
    this.name = site.name;
    this.modes = new ModeStore(active, site.maintenance);
    this.gate = gateOf(site);
    this.routes = staticRoutesOf(site);
    this.upstream = upstream;
    this.cgi = cgi;
  }

  reconfigure(site: Site, upstream: BackendGroup | null, cgi: CgiUpstream | null): void {
    this.modes.reconfigure(site.maintenance);
    this.gate = gateOf(site);
    this.routes = staticRoutesOf(site);
    this.upstream = upstream;
    this.cgi = cgi;
  }
}
