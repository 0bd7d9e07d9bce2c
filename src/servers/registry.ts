import type { ServerKind } from "../spec/types.js";
import type { ServerAdapter } from "./adapter.js";
import { gate } from "./gate.js";
import { lighttpd } from "./lighttpd.js";
import { nginxLua } from "./nginx-lua.js";
import { nginx } from "./nginx.js";
import { proxy } from "./proxy.js";

const ADAPTERS: Readonly<Record<ServerKind, ServerAdapter>> = {
  lighttpd,
  "nginx-lua": nginxLua,
  nginx,
  proxy,
  gate,
};

export function adapterOf(kind: ServerKind): ServerAdapter {
  return ADAPTERS[kind];
}
