/** What `fence proxy ACTION` may do. */
export const PROXY_ACTIONS = ["run", "status", "reload", "upgrade", "stop"] as const;
export type ProxyAction = (typeof PROXY_ACTIONS)[number];
