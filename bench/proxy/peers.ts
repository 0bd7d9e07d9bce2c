import type { Peer } from "./peer.js";
import { FENCE } from "./peer-fence.js";
import { NGINX, NGINX_AGAIN } from "./peer-nginx.js";
import { NODE_PEERS } from "./peer-node.js";
import { CADDY, HAPROXY, LIGHTTPD } from "./peer-others.js";

/** All that can be measured; the second is what the others are measured against. */
export const PEERS: readonly Peer[] = [FENCE, NGINX, NGINX_AGAIN, HAPROXY, CADDY, LIGHTTPD, ...NODE_PEERS];
export const BASE = NGINX;
