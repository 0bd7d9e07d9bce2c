import { readFileSync } from "node:fs";
import type { Backend, Maintenance } from "../spec/types.js";

/** What the gate serves by: `gate.json`, as `fence render` writes it. */
export interface GateConfig {
  format: typeof FORMAT;
  pidFile: string;
  controlSocket: string;
  sites: readonly GateSiteConfig[];
}

export interface GateSiteConfig {
  name: string;
  /** Where the gate's own active variant of the site is. */
  active: string;
  maintenance: Maintenance;
  doors: readonly DoorConfig[];
}

export interface DoorConfig {
  path: string;
  /** The user that connects to it; null: the one that fence is. */
  user: string | null;
  backends: readonly Backend[];
}

export const FORMAT = "fence/gate@1";

/** @throws Error when the file is not there, or of another fence */
export function readGateConfig(file: string): GateConfig {
  const config = JSON.parse(readFileSync(file, "utf8")) as Partial<GateConfig>;
  if (config.format !== FORMAT)
    throw new Error(`${file} has the format ${String(config.format)}, not ${FORMAT}: fence render`);
  return config as GateConfig;
}
