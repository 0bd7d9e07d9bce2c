import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { GateDoor } from "../servers/gate-doors.js";

/** What the gate serves by: `gate.json`, as `fence render` writes it. */
export interface GateConfig {
  schema: string;
  pidFile: string;
  controlSocket: string;
  sites: readonly GateSite[];
  /** SHA-256 (hex) of the file. */
  sha256: string;
}

export interface GateSite {
  name: string;
  /** Where the gate's own active variant of the site is. */
  active: string;
  doors: readonly GateDoor[];
}

const SCHEMA = "fence/gate@1";

/** @throws Error when the file is not there, or of another fence */
export function readGateConfig(file: string): GateConfig {
  const bytes = readFileSync(file);
  const config = JSON.parse(bytes.toString("utf8")) as Omit<GateConfig, "sha256">;
  if (config.schema !== SCHEMA)
    throw new Error(`${file} is of schema ${config.schema}, not ${SCHEMA}: render it again`);
  return { ...config, sha256: createHash("sha256").update(bytes).digest("hex") };
}
