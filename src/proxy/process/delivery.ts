import { closeSync, fchownSync, openSync } from "node:fs";
import { exists } from "../../base/folders.js";
import type { ProxyConfig } from "../configuration.js";
import type { Delivery, Identity } from "./messages.js";

const ACCESS_LOG_MODE = 0o640;

/** @throws Error for a certificate that cannot be read */
export function deliveryOf(config: ProxyConfig, file: string): Delivery {
  const secrets: Record<string, string> = {};
  for (const { tls } of config.spec.sites) {
    if (tls === null) continue;
    for (const path of [tls.certificate, tls.key])
      secrets[path] = String(config.read(path).toString("latin1"));
  }
  return { text: config.text, file, secrets };
}

/**
 * In a folder that only root may write to, workers may still write to a file that is there and theirs.
 * @throws Error when it cannot be made
 */
export function makeAccessLog({ server }: ProxyConfig, identity: Identity | null): void {
  const file = server.accessLog?.file ?? null;
  if (file === null || identity === null || exists(file)) return;
  const fd = openSync(file, "ax", ACCESS_LOG_MODE);
  fchownSync(fd, identity.uid, identity.gid);
  closeSync(fd);
}
